# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Where the queue server keeps its tasks."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os

from senaite.queue.site import process_role

ENVIRONMENT = "SENAITE_QUEUE_STORE"

#: Name of the embedded store's file in the instance's own var directory
FILENAME = "senaite.queue.db"


def get_store_url():
    """Return the database URL of the task store.

    The environment variable wins, then `store` in
    `<product-config senaite.queue>` of zope.conf; by default it is a SQLite
    file in the directory that Zope calls the client home.

    :returns: SQLAlchemy URL
    :rtype: str
    """
    url = os.environ.get(ENVIRONMENT) or process_role.get_product_config("store")
    if url:
        return url
    from App.config import getConfiguration
    home = os.path.abspath(getConfiguration().clienthome)
    return "sqlite:///{}".format(os.path.join(home, FILENAME))
