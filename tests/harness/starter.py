# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Starts a ZServer Zope for development, also as root (Python 2.7).

Run by `bin/zopepy` as `starter.py -C <zope.conf>`. ZServer refuses to serve
as root; in containers and on build machines everything is root, and the
cluster of `make run` listens on the loopback interface only. Never use this
in production: set `effective-user` in zope.conf there.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import gc
import logging
import os

from ZServer.Zope2.Startup import run
from ZServer.Zope2.Startup import starter

logger = logging.getLogger("senaite.queue.harness")


class DevelopmentStarter(starter.UnixZopeStarter):
    """Keeps the privileges of whoever starts it."""

    def dropPrivileges(self):
        if os.getuid() == 0:
            logger.warning("Development starter: privileges are not dropped, "
                           "this Zope runs as root")


def main():
    # Imports and ZCML make objects that stay: there is no garbage to look for
    gc.disable()
    zope = DevelopmentStarter()
    zope.setConfiguration(run._setconfig().configroot)
    try:
        zope.prepare()
    except BaseException:
        zope.shutdown()
        raise
    gc.enable()
    zope.run()


if __name__ == "__main__":
    main()
