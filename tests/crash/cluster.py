# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The cluster of the campaign: proxies before ZEO and the queue server."""

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
        """Start dead processes, continue stopped ones, restore connections."""
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
