# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Tells a copied site where its queue server is (Python 2.7, run by zopepy).

`site_configure.py <Data.fs> <blobs> <record>=<text> ...` writes text and
number records of the site's registry. It opens the database without starting
Zope: a second instead of ten.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import sys

import transaction
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage


def main(path, blobs, *settings):
    database = DB(FileStorage(path, blob_dir=blobs))
    connection = database.open()
    registry = connection.root()["Application"].senaite.portal_registry
    values = registry._records._values
    for setting in settings:
        name, value = setting.split("=", 1)
        if name not in values:
            raise SystemExit("The registry has no record {!r}".format(name))
        former = values[name]
        values[name] = int(value) if isinstance(former, int) \
            else value.decode("utf-8")
    transaction.commit()
    connection.close()
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
