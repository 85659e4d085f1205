# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A cluster whose consumer is on another machine: in a network namespace,
which reaches ZEO and the queue server through a cable of its own, and shares
no directory with them. Linux, root, and `ip` of iproute2.
"""

import contextlib
import os
import shutil
import subprocess

from harness import configs
from harness import paths
from harness import template
from harness.cluster import SITE
from harness.cluster import Cluster
from harness.cluster import Node
from harness.process import Process

#: A network for tests of network devices (RFC 2544)
HERE, AWAY = "198.18.77.1", "198.18.77.2"
NAMESPACE, CABLE, PLUG = "queueaway", "queue-here", "queue-away"


class NoNamespaces(Exception):
    """This machine lets us make none; says why."""


def _ip(*arguments):
    try:
        done = subprocess.run(("ip",) + arguments, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
    except OSError as error:
        raise NoNamespaces("ip: {}".format(error))
    if done.returncode:
        raise NoNamespaces("ip {}: {}".format(
            " ".join(arguments), done.stdout.decode().strip()))


@contextlib.contextmanager
def other_machine():
    """Make the namespace and its cable.

    :raises NoNamespaces: when that is not possible here
    """
    with contextlib.suppress(NoNamespaces):
        # what a run left that was killed
        _ip("netns", "del", NAMESPACE)
    _ip("netns", "add", NAMESPACE)
    try:
        _ip("link", "add", CABLE, "type", "veth", "peer", "name", PLUG)
        _ip("link", "set", PLUG, "netns", NAMESPACE)
        _ip("addr", "add", HERE + "/30", "dev", CABLE)
        _ip("link", "set", CABLE, "up")
        for command in (("addr", "add", AWAY + "/30", "dev", PLUG),
                        ("link", "set", PLUG, "up"),
                        ("link", "set", "lo", "up")):
            _ip("-n", NAMESPACE, *command)
        yield
    finally:
        # takes its end of the cable, and so the other one, with it
        _ip("netns", "del", NAMESPACE)


def plug(is_in):
    """Plug the cable in, or pull it out."""
    _ip("link", "set", CABLE, "up" if is_in else "down")


class AwayCluster(Cluster):
    """ZEO, queue server and web client here; `queue-consumer` over there."""

    def __init__(self, **options):
        super(AwayCluster, self).__init__(consumer_ports=[], **options)
        self.away = None

    def prepare(self):
        super(AwayCluster, self).prepare()
        _replace(self.path("zeo.conf"), "address 127.0.0.1:",
                 "address 0.0.0.0:")
        _replace(self.path("server", "zope.conf"), "address 127.0.0.1:",
                 "address 0.0.0.0:")
        self.away = self._away()

    def server_url(self):
        return "http://{}:{}/{}".format(HERE, self.server_port, SITE)

    def _away(self):
        # beside the cluster's directory: nothing is shared
        home = self.home + "-away"
        instance = os.path.join(home, "instance")
        cache = os.path.join(home, "cache")
        for directory in (home, cache):
            os.makedirs(directory, exist_ok=True)
        template.write_instancehome(instance, self.packages)
        storage = configs.zeo_storage(home, home, "away", self.zeo_port)
        storage = storage.replace("127.0.0.1", HERE).replace(
            "shared-blob-dir on", "shared-blob-dir off")
        conf = os.path.join(home, "zope.conf")
        with open(conf, "w") as target:
            target.write(configs.zope_wsgi(instance, home, cache, storage))
        command = ["ip", "netns", "exec", NAMESPACE, paths.QUEUE_CONSUMER,
                   "-C", conf]
        env = dict(self.env, PYTHONUNBUFFERED="1", PYTHONWARNINGS="ignore",
                   SENAITE_QUEUE_ROLE="client", TMPDIR=home,
                   PYTHONPATH=paths.ADDON if self.packages else "")
        return Node(Process("away", command, os.path.join(home, "away.out"),
                            env=env, cwd=home), None)

    def start(self):
        super(AwayCluster, self).start()
        self.away.process.start()

    def stop(self):
        if self.away is not None:
            self.away.process.request_stop()
            self.away.process.await_stop()
        super(AwayCluster, self).stop()
        if not self.keeps_files:
            shutil.rmtree(self.home + "-away", ignore_errors=True)


def _replace(path, old, new):
    with open(path) as source:
        text = source.read()
    assert old in text, path
    with open(path, "w") as target:
        target.write(text.replace(old, new))
