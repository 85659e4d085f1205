# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A SENAITE cluster: ZEO, web clients, the queue server, consumers."""

import json
import os
import shutil
import tempfile
from concurrent import futures

import requests

from harness import configs
from harness import paths
from harness import ports
from harness import template
from harness.process import Process
from harness.waiting import eventually

SITE = "senaite"
CLIENT = "client"
SERVER = "server"

#: Seconds that a process may take to listen, where many start at once on a
#: machine that is busy with others
START = 300


class Node(object):
    """One process of the cluster, and where it listens."""

    def __init__(self, process, port):
        self.process = process
        self.port = port

    @property
    def name(self):
        return self.process.name

    @property
    def url(self):
        """Address of the site as this process serves it."""
        return "http://{}:{}/{}".format(ports.HOST, self.port, SITE)

    @property
    def log(self):
        """The event log; what it prints on its console is beside it."""
        return self.process.log[:-len(".out")] + ".log"

    def start(self):
        self.process.start()

    def wait(self):
        """Wait until it accepts connections."""
        def look():
            self.process.check()
            return ports.is_open(self.port)
        eventually(look, "the {} to listen on port {}".format(
            self.name, self.port), seconds=START)

    def kill(self):
        self.process.kill()

    def stop(self):
        self.process.stop()

    def restart(self):
        """Start it again after a kill or a stop, and wait for it."""
        self.start()
        self.wait()


class Cluster(object):
    """The processes of one site, their files and their ports.

    Usable as a context manager: stopped at the end, its files removed unless
    `home` was given.
    """

    def __init__(self, home=None, zeo_port=None, web_ports=None,
                 server_port=None, consumer_ports=None, addon=True,
                 packages=(), env=None, settings=None, say=None):
        """
        :param home: directory that keeps the data from run to run; a
            temporary one when None
        :param zeo_port, web_ports, server_port, consumer_ports: where to
            listen; free ports when None (one web client, one consumer)
        :param addon: with senaite.queue; without it, only web clients start
        :param packages: names of packages below tests/addon to load as well
        :param env: environment variables of every Zope process
        :param settings: settings of the queue, by name, e.g. min_items
        :param say: called with lines for people
        """
        self.say = say or (lambda line: None)
        self.keeps_files = home is not None
        self.addon = addon
        self.packages = tuple(packages)
        self.env = dict(env or {})
        self.settings = dict(settings or {})
        free = iter(ports.free_ports(4))
        self.zeo_port = zeo_port or next(free)
        self.web_ports = web_ports or [next(free)]
        self.server_port = server_port or next(free)
        self.consumer_ports = [next(free)] if consumer_ports is None \
            else consumer_ports
        if home is None:
            os.makedirs(os.path.join(paths.VAR, "clusters"), exist_ok=True)
            home = tempfile.mkdtemp(dir=os.path.join(paths.VAR, "clusters"))
        self.home = home
        self.secrets = {}
        self.zeo = None
        self.webs = []
        self.server = None
        self.consumers = []

    # -- files -------------------------------------------------------------

    def path(self, *parts):
        return os.path.join(self.home, *parts)

    def prepare(self):
        """Make data and configurations; nothing runs yet."""
        paths.require_build()
        if not os.path.exists(self.path("filestorage", "Data.fs")):
            template.copy(template.get(self.addon, self.say), self.home)
        with open(self.path(template.SECRETS)) as source:
            self.secrets = json.load(source)
        template.write_instancehome(self.path("instance"), self.packages)
        if self.addon:
            settings = dict(self.settings, server=self.server_url())
            template.run_script(
                paths.SITE_CONFIGURE, self.path("filestorage", "Data.fs"),
                self.path("blobstorage"),
                *["senaite.queue.{}={}".format(*pair)
                  for pair in sorted(settings.items())])
        self.zeo = self._zeo()
        self.webs = [self._zope("web{}".format(number), port, CLIENT)
                     for number, port in enumerate(self.web_ports, 1)]
        if self.addon:
            self.server = self._zope("server", self.server_port, SERVER)
            self.consumers = [
                self._zope("consumer{}".format(number), port, CLIENT,
                           clock=True)
                for number, port in enumerate(self.consumer_ports, 1)]

    def server_url(self):
        """Return the address at which the others find the queue server."""
        return self._url(self.server_port)

    def zeo_port_of(self, name):
        """Return the port at which a process finds ZEO."""
        return self.zeo_port

    def _url(self, port):
        return "http://{}:{}/{}".format(ports.HOST, port, SITE)

    def _zeo(self):
        conf = self.path("zeo.conf")
        with open(conf, "w") as target:
            target.write(configs.zeo(self.home, self.zeo_port))
        command = [paths.RUNZEO, "-C", conf]
        return Node(Process("ZEO server", command, self.path("zeo.log"),
                            cwd=self.home), self.zeo_port)

    def _zope(self, name, port, role, clock=False):
        home = self.path(name)
        os.makedirs(home, exist_ok=True)
        cache = os.path.join(paths.VAR, "cache")
        os.makedirs(cache, exist_ok=True)
        clock_section = "" if not clock else configs.clock(
            SITE, port, "queue_consumer", self.secrets["queue_consumer"])
        conf = os.path.join(home, "zope.conf")
        with open(os.open(conf, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
                  "w") as target:
            target.write(configs.zope(
                self.path("instance"), home, cache, self.path(name + ".log"),
                configs.zeo_storage(self.home, home, name,
                                    self.zeo_port_of(name)),
                configs.http(port), clock_section))
        env = {
            "SENAITE_QUEUE_ROLE": role,
            "SENAITE_QUEUE_STORE": "sqlite:///" + self.path("queue.db"),
            "PYTHONPATH": paths.ADDON if self.packages else "",
            "PYTHONUNBUFFERED": "1",
        }
        env.update(self.env)
        command = [paths.ZOPEPY, paths.STARTER, "-C", conf]
        return Node(Process(name, command, self.path(name + ".out"), env=env,
                            cwd=home), port)

    # -- life --------------------------------------------------------------

    @property
    def zopes(self):
        """All Zope processes, in the order in which they start."""
        return ([self.server] if self.server else []) + self.webs + \
            self.consumers

    @property
    def web(self):
        return self.webs[0]

    @property
    def consumer(self):
        return self.consumers[0]

    def start(self):
        """Start everything and wait until the site answers."""
        self.prepare()
        self.zeo.start()
        self.zeo.wait()
        for node in self.zopes:
            node.start()
        for node in self.zopes:
            node.wait()
        self.warm_up()

    def warm_up(self):
        """Ask each process for one page, so that templates are compiled."""
        with futures.ThreadPoolExecutor(len(self.zopes)) as pool:
            list(pool.map(lambda node: requests.get(
                node.url + "/login", timeout=START), self.zopes))

    def stop(self):
        """Stop everything: consumers first, ZEO last."""
        zopes = list(reversed(self.zopes))
        for node in zopes:
            node.process.request_stop()
        for node in zopes:
            node.process.await_stop()
        if self.zeo:
            self.zeo.stop()
        if not self.keeps_files:
            shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exc_info):
        self.stop()
