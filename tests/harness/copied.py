# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A copy of a running cluster's database on a test server, as people make it.

Settings and key come along: until somebody changes them, the copy asks the
original's queue server.
"""

import os
import shutil
import subprocess

from harness import paths
from harness.cluster import Cluster


class CopiedCluster(Cluster):
    """ZEO, a web client and a consumer on a copy of another cluster's data."""

    def __init__(self, original, **options):
        """
        :param original: the cluster whose data is copied; it may run
        """
        self.original = original
        options.setdefault("packages", original.packages)
        super(CopiedCluster, self).__init__(**options)
        for name in ("filestorage", "blobstorage"):
            shutil.copytree(
                original.path(name), self.path(name),
                ignore=shutil.ignore_patterns("*.lock", "*.index", "*.tmp"))
        shutil.copy2(original.path("secrets.json"), self.home)
        self.settings = dict(original.settings)

    def server_url(self):
        """Return the address that the original's settings have."""
        return self.original.server_url()

    def prepare(self):
        """Make the configurations; the copy has no queue server."""
        super(CopiedCluster, self).prepare()
        self.server = None

    def give_server(self, store):
        """Start a queue server of the copy's own; return its address.

        :param store: URL of its store
        """
        self.env["SENAITE_QUEUE_STORE"] = store
        self.server = self._zope("server", self.server_port, "server")
        self.server.start()
        self.server.wait()
        return self._url(self.server_port)

    def reconcile(self):
        """Say that the copy is to go on with its own store, as people do."""
        subprocess.run(
            [os.path.join(paths.ROOT, "bin", "senaite-queue-reconcile"), "-C",
             self.path("web1", "zope.conf")], check=True, timeout=120,
            env=dict(os.environ, **self.web.process.env))

    def said(self, node, event):
        """Tell whether a process has logged an event."""
        for path in (node.log, node.process.log):
            if os.path.exists(path):
                with open(path, errors="replace") as log:
                    if "event=" + event in log.read():
                        return True
        return False
