# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The Python and ZCML of the documentation, run. Pages are read from the
checkout; where the package was installed without them, nothing is tested."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import glob
import io
import os
import re
import shutil
import sys
import tempfile
import textwrap
import unittest

import senaite.queue
from plone.app.testing import TEST_USER_ID
from plone.app.testing import setRoles
from zope.component.hooks import site as in_site
from zope.configuration import xmlconfig

from senaite.queue.testing import QUEUE_FUNCTIONAL_TESTING
from senaite.queue.testing import QUEUE_WSGI_TESTING

DOCS = os.path.join(os.path.dirname(senaite.queue.__file__),
                    "..", "..", "..", "docs")

BLOCK = re.compile(
    r"^\.\. code-block:: (?P<kind>\S+)\n(?P<options>(?:   :.*\n)*)\n"
    r"(?P<text>(?:(?:   .*)?\n)+)", re.MULTILINE)


def blocks(page):
    """Yield (kind, caption or None, text) of a page's code blocks."""
    with io.open(page, encoding="utf-8") as source:
        text = source.read() + u"\n"
    for match in BLOCK.finditer(text):
        caption = re.search(r":caption: (.*)", match.group("options"))
        yield (match.group("kind"), caption and caption.group(1),
               textwrap.dedent(match.group("text")).strip() + u"\n")


@unittest.skipUnless(os.path.isdir(DOCS), "the pages are not here")
class TestPages(unittest.TestCase):

    layer = QUEUE_WSGI_TESTING

    def setUp(self):
        self.portal = self.layer["portal"]
        self.portal.changeSkin("Plone Default")
        setRoles(self.portal, TEST_USER_ID, ["Member", "LabManager"])

    def test_python_blocks(self):
        run = 0
        for page in sorted(glob.glob(os.path.join(DOCS, "*.rst"))):
            if os.path.basename(page) == "extend.rst":
                continue
            for kind, caption, text in blocks(page):
                if kind != "python":
                    continue
                code = compile(text.encode("utf-8"), page, "exec")
                exec(code, {"portal": self.portal})
                run += 1
        self.assertGreater(run, 2)


@unittest.skipUnless(os.path.isdir(DOCS), "the pages are not here")
class TestExtendPage(unittest.TestCase):

    layer = QUEUE_FUNCTIONAL_TESTING

    def test_addon_of_the_extend_page(self):
        """Typed from the page into a new package, and run."""
        home = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, home)
        for kind, caption, text in blocks(os.path.join(DOCS, "extend.rst")):
            if kind == "console":
                continue
            self.assertTrue(caption, "a block without a file: " + text)
            path = os.path.join(home, caption)
            if not os.path.isdir(os.path.dirname(path)):
                os.makedirs(os.path.dirname(path))
            with io.open(path, "w", encoding="utf-8") as target:
                target.write(text)
        compile(open(os.path.join(home, "setup.py")).read(), "s", "exec")
        sys.path.insert(0, os.path.join(home, "src"))
        self.addCleanup(sys.path.remove, os.path.join(home, "src"))
        import mylab
        # in the site's own registry the adapters would become part of it
        with in_site(None):
            xmlconfig.file("configure.zcml", mylab,
                           context=self.layer["configurationContext"])
        from mylab import tests
        # our layer has all that the page's one has by now
        tests.TestRemarks.layer = self.layer
        suite = unittest.defaultTestLoader.loadTestsFromModule(tests)
        result = unittest.TestResult()
        suite.run(result)
        self.assertEqual(result.testsRun, 3)
        for _test, trace in result.failures + result.errors:
            self.fail(trace)
