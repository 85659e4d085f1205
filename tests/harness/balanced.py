# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Several queue servers on one PostgreSQL store, behind HAProxy."""

import importlib.util
import os
import shutil

from harness import paths
from harness import ports
from harness.cluster import Cluster
from harness.cluster import Node
from harness.process import Process

HAPROXY = """\
global
  maxconn 256
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  # All requests to a queue server may be repeated
  retries 3
  option redispatch 1
  retry-on conn-failure empty-response
frontend queue
  bind {host}:{port}
  default_backend servers
backend servers
  balance roundrobin
  option httpchk GET /senaite/@@queue-health?role=server
  http-check expect status 200
  default-server check inter 500ms fall 1 rise 1
{servers}
"""


def load_postgres():
    """Return the module that starts PostgreSQL for the unit tests, too."""
    path = os.path.join(paths.ROOT, "src", "senaite", "queue", "tests",
                        "postgres.py")
    spec = importlib.util.spec_from_file_location("queue_postgres", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def find_haproxy():
    """Return the path of HAProxy, or None."""
    return shutil.which("haproxy", path=os.environ.get("PATH", "") +
                        ":/usr/sbin:/usr/local/sbin")


def why_not():
    """Return why such a cluster cannot run here, or None when it can."""
    if find_haproxy() is None:
        return "HAProxy is not installed (apt-get install haproxy)"
    return load_postgres().why_not()


class BalancedCluster(Cluster):
    """A cluster whose queue server is a balancer with servers behind it."""

    def __init__(self, servers=2, **kw):
        """
        :param servers: how many queue servers
        """
        self.postgres = load_postgres().Server(durable=True)
        env = dict(kw.pop("env", None) or {})
        env["SENAITE_QUEUE_STORE"] = self.postgres.create_database()
        Cluster.__init__(self, env=env, **kw)
        self.behind_ports = ports.free_ports(servers)
        self.servers = []
        self.balancer = None

    def prepare(self):
        Cluster.prepare(self)
        self.servers = [
            self._zope("server{}".format(number), port, "server")
            for number, port in enumerate(self.behind_ports, 1)]
        # For those who look at the queue through "the" server
        self.server = self.servers[0]
        self.balancer = self._balancer()

    def _balancer(self):
        lines = ["  server s{} {}:{}".format(number, ports.HOST, port)
                 for number, port in enumerate(self.behind_ports, 1)]
        conf = self.path("haproxy.cfg")
        with open(conf, "w") as target:
            target.write(HAPROXY.format(host=ports.HOST,
                                        port=self.server_port,
                                        servers="\n".join(lines)))
        return Node(Process("balancer", [find_haproxy(), "-db", "-f", conf],
                            self.path("haproxy.out"), cwd=self.home),
                    self.server_port)

    @property
    def zopes(self):
        return self.servers + self.webs + self.consumers

    def start(self):
        self.prepare()
        self.balancer.start()
        self.zeo.start()
        self.zeo.wait()
        # One by one: so many at once take long on two cores
        for node in self.zopes:
            node.start()
            node.wait()
        self.balancer.wait()
        self.warm_up()

    def stop(self):
        Cluster.stop(self)
        if self.balancer:
            self.balancer.stop()
        self.postgres.remove()
