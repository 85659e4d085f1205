# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""The database in which the queue server keeps its tasks."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os

from senaite.queue import config

#: Name of the embedded store's file in the instance's own var directory
FILENAME = "senaite.queue.db"


def get_store_url():
    """Return the database URL of the task store.

    By default it is a SQLite file in the directory that Zope calls the client
    home; see `senaite.queue.config.STORE`.

    :returns: SQLAlchemy URL
    :rtype: str
    :raises senaite.queue.errors.ConfigError: when the configured URL is not
        one of a supported database
    """
    url = config.read(config.STORE)
    if url:
        return url
    from App.config import getConfiguration
    home = os.path.abspath(getConfiguration().clienthome)
    return "sqlite:///{}".format(os.path.join(home, FILENAME))
