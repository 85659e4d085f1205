# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Checks every internal link, picture and download of the built documentation.

    python3 scripts/check_links.py build/docs

Links to other sites are left alone: no network is needed.
"""

import glob
import os
import sys
from html.parser import HTMLParser
from urllib.parse import unquote
from urllib.parse import urlsplit


class Page(HTMLParser):
    """The anchors of a page, and what it refers to."""

    def __init__(self, text):
        super().__init__()
        self.anchors = set()
        self.targets = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        for name in ("id", "name"):
            if found.get(name) and tag != "meta":
                self.anchors.add(found[name])
        for name in ("href", "src"):
            if found.get(name):
                self.targets.append(found[name])


def read(path):
    """Return the `Page` of an HTML file."""
    with open(path, encoding="utf-8") as source:
        return Page(source.read())


def dead(root):
    """Yield the page and the target of every link that leads nowhere.

    :param root: directory of the built documentation
    :returns: iterator over (path of the page below the root, target)
    """
    paths = sorted(glob.glob(os.path.join(root, "**", "*.html"),
                             recursive=True))
    pages = {os.path.abspath(path): read(path) for path in paths}
    for path, page in pages.items():
        for target in page.targets:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            wanted = path
            if parts.path:
                wanted = os.path.abspath(os.path.join(
                    os.path.dirname(path), unquote(parts.path)))
            if not os.path.isfile(wanted):
                yield os.path.relpath(path, root), target
            elif parts.fragment and wanted in pages and \
                    unquote(parts.fragment) not in pages[wanted].anchors:
                yield os.path.relpath(path, root), target


def main(root):
    if not glob.glob(os.path.join(root, "*.html")):
        print("{} has no pages: run make docs".format(root))
        return 1
    found = list(dead(root))
    for page, target in found:
        print("{}: {} leads nowhere".format(page, target))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
