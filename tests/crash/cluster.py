# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The cluster of the campaign: proxies before ZEO and the queue server, and a
clock for each process."""

import glob
import os
import shutil
import signal

import requests
from harness import ports
from harness.cluster import Cluster
from harness.counting import counting_cluster
from harness.killpoints import KillPoints
from harness.waiting import eventually

from crash.proxy import PASS
from crash.proxy import Proxy

#: The shortest possible lease (seconds): processes stopped for longer lose it
LEASE = 10

#: Debian's package `faketime`: a library that tells a process another time
FAKETIME = "/usr/lib/*/faketime/libfaketimeMT.so.1"

NODES = ("server", "web1", "web2", "consumer1", "consumer2")


class FireCluster(Cluster):
    """Two web clients, two consumers, and proxies between all of them."""

    def __init__(self, settings=None, **options):
        free = ports.free_ports(6)
        super(FireCluster, self).__init__(
            zeo_port=free[0], server_port=free[1], web_ports=free[2:4],
            consumer_ports=free[4:6],
            settings=dict(settings or {}, lease_seconds=LEASE), **options)
        self.server_proxy = Proxy("queue server", self.server_port)
        self.points = KillPoints(self)
        self.zeo_proxies = {name: Proxy("ZEO of " + name, self.zeo_port)
                            for name in NODES}

    def _zope(self, name, *args, **options):
        node = super(FireCluster, self)._zope(name, *args, **options)
        if find_faketime():
            self.set_clock(name, 0)
            node.process.env.update({
                "LD_PRELOAD": find_faketime(),
                "FAKETIME_TIMESTAMP_FILE": self._clock_path(name),
                # seconds until a process notices that its clock was set
                "FAKETIME_CACHE_DURATION": "1",
                # What passes is what passes
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "DONT_FAKE_MONOTONIC": "1",
            })
        return node

    def set_clock(self, name, seconds):
        """Set the clock that a process sees.

        :param name: name of the process
        :param seconds: by how much it is ahead of the real one
        """
        path = self._clock_path(name)
        with open(path + ".new", "w") as target:
            target.write("{:+d}\n".format(seconds))
        os.rename(path + ".new", path)

    def _clock_path(self, name):
        return self.path(name + ".clock")

    @property
    def proxies(self):
        return [self.server_proxy] + list(self.zeo_proxies.values())

    @property
    def nodes(self):
        """All processes, ZEO included."""
        return [self.zeo] + self.zopes

    def server_url(self):
        return self._url(self.server_proxy.port)

    def zeo_port_of(self, name):
        return self.zeo_proxies[name].port

    def stop(self):
        # Stopped processes do not react to SIGTERM
        for node in filter(None, self.nodes):
            node.process.signal(signal.SIGCONT)
        super(FireCluster, self).stop()
        for proxy in self.proxies:
            proxy.close()
        shutil.rmtree(self.env["QUEUETEST_DIR"], ignore_errors=True)

    def make_whole(self):
        """Start dead processes, continue stopped ones, restore connections,
        put clocks right."""
        if find_faketime():
            for node in self.zopes:
                self.set_clock(node.name, 0)
        for proxy in self.proxies:
            proxy.behave(PASS)
        for node in self.nodes:
            node.process.signal(signal.SIGCONT)
        for node in self.nodes:
            if not node.process.is_running:
                node.start()
        for node in self.nodes:
            node.wait()
        for node in self.zopes:
            eventually(lambda node=node: answers(node),
                       "{} to reach its database".format(node.name),
                       pause=0.5)


def find_faketime():
    """Return the path of the library that fakes clocks, or None."""
    return next(iter(sorted(glob.glob(FAKETIME))), None)


def fire_cluster(say=None, plant=None):
    """Return a cluster with proxies, not yet started.

    :param plant: a fault to plant (tests/addon/queuetest/planted.py), or None
    """
    env = {"QUEUETEST_PLANT": plant} if plant else {}
    return counting_cluster(say=say, kind=FireCluster, env=env)


def answers(node):
    """Tell whether a process reaches its database."""
    try:
        return requests.get(node.url + "/queuetest_kept",
                            timeout=30).status_code < 500
    except requests.RequestException:
        return False
