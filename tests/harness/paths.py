# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Where things are: the build, the harness's own scripts, its var directory."""

import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BIN = os.path.join(ROOT, "bin")
VAR = os.path.join(ROOT, "var")
HARNESS = os.path.join(ROOT, "tests", "harness")
ADDON = os.path.join(ROOT, "tests", "addon")

#: A Python 2.7 that can import everything a Zope process can
ZOPEPY = os.path.join(BIN, "zopepy")
RUNZEO = os.path.join(BIN, "runzeo")
QUEUE_CONSUMER = os.path.join(BIN, "queue-consumer")

STARTER = os.path.join(HARNESS, "starter.py")
SITE_SETUP = os.path.join(HARNESS, "site_setup.py")
SITE_CONFIGURE = os.path.join(HARNESS, "site_configure.py")


def require_build():
    """Raise when `make build` has not been run.

    :raises SystemExit: with what to do
    """
    for path in (ZOPEPY, RUNZEO):
        if not os.path.exists(path):
            raise SystemExit("{} is missing: run 'make build' first."
                             .format(os.path.relpath(path, ROOT)))
