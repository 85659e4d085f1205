# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Test cases with configurable settings, without Plone."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest

import six

from senaite.queue.model import surroundings


class Site(surroundings.Surroundings):
    """A site with given settings, whose objects are represented by uids."""

    def __init__(self, **chosen):
        self.chosen = chosen

    def get_setting(self, name):
        return self.chosen.get(name, surroundings.DEFAULTS[name])

    def describe(self, context):
        if not isinstance(context, six.string_types):
            raise ValueError("Not an object: {!r}".format(context))
        return {"context_uid": context, "context_path": "/site/" + context}

    def resolve(self, uid, path):
        return (uid, path)

    def get_username(self):
        return "me"


class SiteCase(unittest.TestCase):

    def provide(self, **chosen):
        former = surroundings.provide(Site(**chosen))
        self.addCleanup(surroundings.provide, former)
