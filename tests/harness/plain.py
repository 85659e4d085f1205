# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""SENAITE set-ups without a clock-server, from one process to several.

No process is told what it is, the setting "server" is what the installation
left there unless `server_url` is given: what a laboratory gets that installs
the add-on and reads no manual.
"""

import json
import os
import shutil
import tempfile

import requests

from harness import configs
from harness import paths
from harness import ports
from harness import template
from harness.cluster import SITE
from harness.cluster import Node
from harness.process import Process
from harness.waiting import eventually


class Plain(object):
    """One Zope process that users see, with or without ZEO and consumers.

    Has what `harness.counting.Counter` and `harness.run` ask a cluster for:
    `web` and `server` are the same process.
    """

    def __init__(self, wsgi=False, zeo=False, workers=0, port=None, home=None,
                 packages=(), env=None, say=None):
        """
        :param wsgi: waitress serves it, not ZServer
        :param zeo: with a ZEO server; the setting "server" then names the
            process, by hand as a manager would
        :param workers: number of `queue-consumer` processes; needs ZEO
        :param port: where to listen; a free one when None
        :param home: directory that keeps the data from run to run
        :param packages: names of packages below tests/addon to load as well
        :param env: environment variables of every process
        """
        self.wsgi = wsgi
        self.say = say or (lambda line: None)
        self.packages = tuple(packages)
        self.env = dict(env or {})
        self.keeps_files = home is not None
        if home is None:
            os.makedirs(os.path.join(paths.VAR, "clusters"), exist_ok=True)
            home = tempfile.mkdtemp(dir=os.path.join(paths.VAR, "clusters"))
        self.home = home
        free = iter(ports.free_ports(2))
        self.port = port or next(free)
        self.zeo_port = next(free) if zeo else None
        self.worker_count = workers
        self.secrets = {}
        self.zeo = None
        self.web = None
        self.workers = []

    @property
    def server(self):
        return self.web

    @property
    def zopes(self):
        return [self.web] if self.web else []

    def path(self, *parts):
        return os.path.join(self.home, *parts)

    def prepare(self):
        """Make data and configurations; nothing runs yet."""
        paths.require_build()
        if not os.path.exists(self.path("filestorage", "Data.fs")):
            template.copy(template.get(True, self.say), self.home)
        with open(self.path(template.SECRETS)) as source:
            self.secrets = json.load(source)
        template.write_instancehome(self.path("instance"), self.packages)
        if self.zeo_port:
            template.run_script(
                paths.SITE_CONFIGURE, self.path("filestorage", "Data.fs"),
                self.path("blobstorage"),
                "senaite.queue.server=http://{}:{}/{}".format(
                    ports.HOST, self.port, SITE))
            conf = self._write("zeo.conf", configs.zeo(
                self.home, self.zeo_port))
            self.zeo = Node(Process(
                "ZEO server", [paths.RUNZEO, "-C", conf],
                self.path("zeo.log"), cwd=self.home), self.zeo_port)
        self.web = self._web()
        self.workers = [self._worker("worker{}".format(number))
                        for number in range(1, self.worker_count + 1)]

    def _web(self):
        home = self.path("web")
        if not self.wsgi:
            conf = self._write("zope.conf", configs.zope(
                self.path("instance"), home, self._cache(),
                self.path("web.log"), self._storage("web"),
                configs.http(self.port)), home)
            command = [paths.ZOPEPY, paths.STARTER, "-C", conf]
            return self._node("web", command, home)
        conf = self._write("zope.conf", configs.zope_wsgi(
            self.path("instance"), home, self._cache(),
            self._storage("web")), home)
        ini = self._write("wsgi.ini", configs.wsgi_ini(
            self.port, conf, self.path("web.log")), home)
        command = [paths.ZOPEPY, "-m", "Zope2.Startup.serve", ini]
        return self._node("web", command, home)

    def _worker(self, name):
        home = self.path(name)
        conf = self._write("zope.conf", configs.zope_wsgi(
            self.path("instance"), home, self._cache(),
            self._storage(name)), home)
        return self._node(name, [paths.QUEUE_CONSUMER, "-C", conf], home)

    def _node(self, name, command, home):
        env = {"PYTHONPATH": paths.ADDON if self.packages else "",
               "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore"}
        env.update(self.env)
        return Node(Process(name, command, self.path(name + ".out"), env=env,
                            cwd=home), self.port)

    def _storage(self, name):
        if self.zeo_port:
            return configs.zeo_storage(
                self.home, self.path(name), name, self.zeo_port)
        return configs.file_storage(self.home)

    def _cache(self):
        cache = os.path.join(paths.VAR, "cache")
        os.makedirs(cache, exist_ok=True)
        return cache

    def _write(self, name, text, home=None):
        home = home or self.home
        os.makedirs(home, exist_ok=True)
        path = os.path.join(home, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
                  "w") as target:
            target.write(text)
        return path

    # -- life --------------------------------------------------------------

    def start(self):
        """Start everything and wait until the site answers."""
        self.prepare()
        if self.zeo:
            self.zeo.start()
            self.zeo.wait()
        self.web.start()
        self.web.wait()
        for worker in self.workers:
            worker.start()
        requests.get(self.web.url + "/login", timeout=120)
        for worker in self.workers:
            self.await_worker(worker)

    def await_worker(self, worker):
        """Wait until a `queue-consumer` process takes tasks."""
        def look():
            worker.process.check()
            # its log may have the words of a former life
            said = worker.process.tail(100000).rpartition(
                "event=worker_stopped")[2]
            return "event=consumer_ready" in said
        eventually(look, "the {} to be ready".format(worker.name), pause=0.3)

    def stop(self):
        """Stop everything: consumers first, ZEO last."""
        nodes = self.workers + self.zopes
        for node in nodes:
            node.process.request_stop()
        for node in nodes:
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
