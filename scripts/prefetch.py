# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Fetches and builds the eggs of versions.cfg, several at a time (Python 2.7).

Buildout does this one by one, and mostly waits for the package index. Here
its own installer does the same for each pinned package in a pool of
processes. An egg appears in the eggs directory only when it is complete; one
that fails here is left to the buildout that follows, which says why.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import ConfigParser
import multiprocessing
import os
import sys

import pkg_resources
from zc.buildout import easy_install

EGGS = os.path.abspath("eggs")
#: They run this build, and are in .venv2
TOOLS = ("setuptools", "zc.buildout")
#: Most of the time goes by waiting for the network
AT_ONCE = 3 * multiprocessing.cpu_count()


def pins():
    """Return the pins that buildout will ask for, as requirements."""
    parser = ConfigParser.RawConfigParser()
    parser.optionxform = str
    parser.read("versions.cfg")
    return ["{}=={}".format(name, version)
            for name, version in parser.items("versions")
            if version and name not in TOOLS]


def fetch(requirement):
    """Fetch and build one egg, without what it depends on."""
    name = "'{}'".format(requirement)
    try:
        installer = easy_install.Installer(EGGS, newest=False)
        installer._get_dist(pkg_resources.Requirement.parse(requirement),
                            pkg_resources.WorkingSet([]))
    except BaseException as error:
        print("{}: {}".format(requirement, error), file=sys.stderr)
    return name


def main():
    if not os.path.isdir(EGGS):
        os.makedirs(EGGS)
    built = pkg_resources.Environment([EGGS])
    missing = [pin for pin in pins() if not built.best_match(
        pkg_resources.Requirement.parse(pin), pkg_resources.WorkingSet([]))]
    pool = multiprocessing.Pool(AT_ONCE)
    for name in pool.imap_unordered(fetch, missing, chunksize=1):
        print("Fetching {}".format(name))
        sys.stdout.flush()
    pool.close()
    pool.join()


if __name__ == "__main__":
    main()
