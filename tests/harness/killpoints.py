# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The test's side of tests/addon/queuetest/killpoints.py: places in the code
at which a process dies when it comes there."""

import contextlib
import json
import os
import signal

#: Point -> names of the nodes that come there, as far as tests aim at them
POINTS = (
    ("before_click_commit", ("web1", "web2")),
    ("before_relay", ("web1", "web2", "consumer1", "consumer2")),
    ("after_relay", ("web1", "web2", "consumer1", "consumer2")),
    ("in_store_write", ("server",)),
    ("after_store_write", ("server",)),
    ("before_commit", ("consumer1", "consumer2")),
    ("in_commit", ("consumer1", "consumer2")),
    ("after_commit", ("consumer1", "consumer2")),
    ("before_acknowledge", ("consumer1", "consumer2")),
    ("after_acknowledge", ("consumer1", "consumer2")),
)


class KillPoints(object):
    """The kill points of one cluster, armed through a shared directory."""

    def __init__(self, cluster):
        self.directory = cluster.env["QUEUETEST_DIR"]

    def _path(self, point):
        return os.path.join(self.directory, "arm-" + point)

    def arm(self, point, node=None, number=signal.SIGKILL):
        """Have the next process that comes to a point get a signal there.

        :param node: name of the process; any when None
        """
        self.disarm(point)
        path = self._path(point)
        with open(path + ".new", "w") as target:
            json.dump({"node": node, "signal": int(number)}, target)
        os.rename(path + ".new", path)

    def has_struck(self, point):
        return os.path.exists(self._path(point) + ".struck")

    def disarm(self, point):
        for suffix in ("", ".struck"):
            with contextlib.suppress(OSError):
                os.remove(self._path(point) + suffix)
