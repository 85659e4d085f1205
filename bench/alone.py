# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Benchmarks without a cluster: the store's methods, and the work itself."""

import glob
import os
import shutil
import subprocess
import tempfile

from harness import balanced
from harness import paths

from bench import sites

#: Numbers of waiting tasks; the peer keeps a list, which is too slow for more
SIZES = (100, 1000, 10000, 100000)
PEER_SIZES = (100, 1000, 5000)
OUTBOX_SIZES = (100, 1000, 10000)
PEER = "senaite.queue==1.0.3"

#: Documented seconds between two chunks of the peer
PEER_TICK = 5.0


def get_peer():
    """Return a directory with the published 1.0.3, or None."""
    home = os.path.join(paths.VAR, "bench-peer")
    if not glob.glob(os.path.join(home, "senaite*")):
        pip = os.path.join(paths.ROOT, ".venv2", "bin", "pip")
        done = subprocess.run(
            [pip, "install", "-q", "--no-deps", "--target", home, PEER],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        if done.returncode:
            return None
    return home


def store():
    """Methods of both stores and of the peer, interleaved size by size."""
    return measure_stores(SIZES[:-1])


def largest_store():
    """The same with up to 100,000 tasks, which are queued four times."""
    return measure_stores(SIZES)


def measure_stores(sizes):
    """Return the figures of all stores.

    :param sizes: numbers of waiting tasks
    """
    figures = {"sqlite": {}, "postgresql": {}, "peer": {}}
    server = None
    if balanced.load_postgres().why_not() is None:
        server = balanced.load_postgres().Server(durable=True)
    peer = get_peer()
    home = tempfile.mkdtemp()
    try:
        for size in sizes + (5000,):
            if size in SIZES:
                url = "sqlite:///{}/{}.db".format(home, size)
                figures["sqlite"][size] = sites.zopepy(
                    "store.py", "ours", url, str(size))
                if server is not None:
                    figures["postgresql"][size] = sites.zopepy(
                        "store.py", "ours", server.create_database(),
                        str(size))
            if peer and size in PEER_SIZES:
                figures["peer"][size] = sites.zopepy(
                    "store.py", "peer", peer, str(size))
    finally:
        shutil.rmtree(home)
        if server is not None:
            server.remove()
    return figures


def work():
    """Assign, submit and verify 100 analyses: the work without the queue."""
    items = int(os.environ.get("QUEUE_BENCH_ITEMS", "100"))
    with sites.site() as (_home, conf):
        figures = sites.zopepy("inprocess.py", conf, str(items))
    for ways in figures.values():
        base = ways["one transaction"]
        for way in ways.values():
            way["cpu_ratio"] = round(way["cpu"] / base["cpu"], 3)
            way["ratio"] = round(way["seconds"] / base["seconds"], 3)
        # Computed from its chunks of ten, one per tick
        chunks = -(-items // 10)
        chunk = ways["chunks of 10"]["seconds"] / chunks
        ways["1.0.3 (computed from its ticks)"] = {
            "seconds": round(chunks * max(PEER_TICK, chunk), 1)}
    figures["items"] = items
    return figures


def outbox():
    """Add many tasks at once, and show pages while they wait."""
    return {size: sites.zopepy("outbox.py", str(size))
            for size in OUTBOX_SIZES}


def ownership():
    """Share a client that has thousands of objects with a new contact."""
    with sites.site() as (_home, conf):
        return sites.zopepy("ownership.py", conf, "2000")


BENCHES = {"outbox": outbox, "ownership": ownership, "store": store,
           "store-100000": largest_store, "work": work}
