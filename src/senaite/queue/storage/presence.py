# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The queue servers that work with the store; see
`senaite.queue.model.peers`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

import sqlalchemy as sa

from senaite.queue.model import fields
from senaite.queue.model import peers
from senaite.queue.storage import schema

_SITE = schema.site

#: What is text in a record, and native strings in Python
_WORDS = ("id", "mark", "place", "standing")


def describe(unit):
    """Return what is known of the servers; see `ITaskStore.servers`."""
    return _read(unit.first(sa.select(_SITE.c.servers).where(
        unit.mine(_SITE))))


def attend(unit, me, gone=(), has=None, joins=True):
    """Note the report of a server; see `ITaskStore.attend`."""
    found = peers.attend(
        _read(unit.site_row()), me, unit.now, gone, has, joins)
    _write(unit, found)
    return found


def leave(unit, server_id):
    """Forget a server that ends; see `ITaskStore.leave`."""
    _write(unit, peers.leave(_read(unit.site_row()), server_id))


def forget_strangers(unit):
    """Forget which servers were refused; see
    `ITaskStore.forget_strangers`."""
    _write(unit, [peer for peer in _read(unit.site_row())
                  if peer["standing"] != peers.STRANGER])


def _read(row):
    found = json.loads(row["servers"] or u"[]") if row is not None else []
    for peer in found:
        for name in _WORDS:
            peer[name] = fields.to_native(peer[name])
    return found


def _write(unit, found):
    unit.execute(sa.update(_SITE).where(unit.mine(_SITE)).values(
        servers=fields.to_text(json.dumps(found, sort_keys=True))))
