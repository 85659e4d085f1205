# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A cluster in the middle of a rolling restart: old and new processes.

The old version is a commit of this repository. Its files are taken from there
once, and used by an interpreter that is like `bin/zopepy` but for them.
"""

import os
import shutil
import subprocess
import tempfile
from urllib.parse import urljoin

import requests
from lxml import html

from harness import paths
from harness import template
from harness.cluster import START
from harness.cluster import Cluster

#: Its processes neither sign answers nor show which database they see, and its
#: profile has version 20602
COMMIT = "ab6c511"
PRODUCT = "senaite.queue"
EGG_INFO = PRODUCT + ".egg-info"


class NoOldVersion(Exception):
    """The old version cannot be had here; the message says why."""


class OldVersion(object):
    """The files of a commit, and an interpreter that imports them."""

    def __init__(self, home):
        self.home = home
        self.src = os.path.join(home, "src")
        self.addon = os.path.join(home, "tests", "addon")
        self.zopepy = os.path.join(home, "zopepy")

    @classmethod
    def get(cls, commit=COMMIT):
        """Return the old version, unpacked when that was not done yet.

        :raises NoOldVersion: without git, or without the commit
        """
        home = os.path.join(paths.VAR, "old-" + commit)
        if not os.path.isdir(home):
            os.makedirs(paths.VAR, exist_ok=True)
            work = tempfile.mkdtemp(prefix="unpacking-", dir=paths.VAR)
            try:
                cls._unpack(commit, work, home)
                os.rename(work, home)
            finally:
                shutil.rmtree(work, ignore_errors=True)
        return cls(home)

    @staticmethod
    def _unpack(commit, work, home):
        """Make the directory; it is to be moved to its final place."""
        archive = os.path.join(work, "archive.tar")
        try:
            done = subprocess.run(
                ["git", "-C", paths.ROOT, "archive", "--output", archive,
                 commit, "src", "tests/addon"],
                stderr=subprocess.PIPE, check=False)
        except FileNotFoundError:
            raise NoOldVersion("git is not installed")
        if done.returncode:
            raise NoOldVersion("git has no commit {}: {}".format(
                commit, done.stderr.decode("utf-8", "replace").strip()))
        shutil.unpack_archive(archive, work)
        os.remove(archive)
        # z3c.autoinclude finds the package by it, and git does not have it
        new_src = os.path.join(paths.ROOT, "src")
        shutil.copytree(os.path.join(new_src, EGG_INFO),
                        os.path.join(work, "src", EGG_INFO))
        with open(paths.ZOPEPY) as source:
            script = source.read()
        mine = repr(new_src)
        if mine not in script:
            raise NoOldVersion("bin/zopepy does not name " + new_src)
        zopepy = os.path.join(work, "zopepy")
        with open(zopepy, "w") as target:
            target.write(script.replace(
                mine, repr(os.path.join(home, "src"))))
        shutil.copymode(paths.ZOPEPY, zopepy)


class MixedCluster(Cluster):
    """Two web clients, the queue server and two consumers, all of them old."""

    def __init__(self, **options):
        """
        :raises NoOldVersion: see `OldVersion.get`
        """
        self.old = OldVersion.get()
        super(MixedCluster, self).__init__(**options)

    def prepare(self):
        """Make the site as the old version makes it."""
        paths.require_build()
        template.copy(template.get_old(COMMIT, self.old.zopepy, self.say),
                      self.home)
        super(MixedCluster, self).prepare()
        for node in self.zopes:
            self._use(node, self.old.zopepy, self.old.addon)

    def _use(self, node, zopepy, addon):
        node.process.command[0] = zopepy
        node.process.env["PYTHONPATH"] = addon if self.packages else ""

    def renew(self, node):
        """Stop a process, and start it again with the new version."""
        node.stop()
        self._use(node, paths.ZOPEPY, paths.ADDON)
        node.restart()

    def upgrade(self, node):
        """Run the upgrade steps as an administrator does: *Site Setup*,
        *Add-ons*.

        :param node: the process that shows the page
        :raises AssertionError: when there are none, or some are left
        """
        session = requests.Session()
        session.auth = ("admin", self.secrets["admin"])
        url, form = self._find_upgrade(session, node)
        assert form is not None, "no upgrade step is offered"
        fields = [(field.get("name"), field.get("value") or "")
                  for field in form.xpath(".//input[@name]")]
        session.post(urljoin(url, form.get("action")), data=fields,
                     timeout=START).raise_for_status()
        _url, form = self._find_upgrade(session, node)
        assert form is None, "the upgrade steps were not run"

    @staticmethod
    def _find_upgrade(session, node):
        """Return the address of the page of add-ons, and the form on it that
        upgrades ours; None when there is none."""
        response = session.get(
            node.url + "/prefs_install_products_form", timeout=START)
        response.raise_for_status()
        page = html.document_fromstring(response.text)
        assert page.xpath("//*[@id='activated-products']"), response.url
        forms = page.xpath(
            "//form[.//input[@value=$name]]"
            "[contains(@action, 'upgrade_products')]", name=PRODUCT)
        return response.url, forms[0] if forms else None
