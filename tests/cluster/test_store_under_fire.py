# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The queue server's store breaks while people work: clicks go through, tasks
wait in the outbox, the error is clear, and all is delivered afterwards.

`make storetest` runs all of them.
"""

import os
import shutil
import sqlite3
import subprocess

import pytest
from harness import paths
from harness.waiting import eventually

#: Bytes of the small disk: SQLite's log alone may take 4 MB before it is
#: worked off
DISK = 16 * 1024 * 1024


@pytest.fixture
def store(cluster):
    return cluster.path("queue.db")


def click(counter, tasks=3):
    """Add tasks, as a click does: it must be answered whatever the store
    does; returns their items."""
    return counter.items(counter.add(tasks=tasks, items=2))


def pending(counter):
    """Return how many tasks wait in the outbox for the server."""
    return counter.session(counter.cluster.web).get(
        "queuetest_kept").json()["pending"]


def logged(cluster, offset, *words):
    """Tell whether the queue server has said these words since."""
    with open(cluster.server.log, errors="replace") as log:
        log.seek(offset)
        text = log.read()
    return "status=503" in text and all(word in text for word in words)


def await_refusal(cluster, counter, offset, tasks, *words):
    """Wait until the server has refused, and said why; nothing is lost."""
    eventually(lambda: logged(cluster, offset, *words),
               "the server to say: {}".format(words))
    eventually(lambda: pending(counter) >= tasks, "tasks to be kept")


def test_locked(cluster, counter, store):
    offset = os.path.getsize(cluster.server.log)
    other = sqlite3.connect(store, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        items = click(counter)
        await_refusal(cluster, counter, offset, 3, "another process keeps it")
    finally:
        other.close()
    counter.await_once(items)
    counter.await_idle()


@pytest.mark.long
@pytest.mark.parametrize("damage", ["garbage", "cut"])
def test_damaged(cluster, counter, store, damage, tmp_path):
    """Tasks wait for the file to be mended: it is put back from a copy."""
    counter.await_once(click(counter))
    counter.await_idle()
    cluster.server.kill()
    copy = str(tmp_path / "copy.db")
    for suffix in ("", "-wal"):
        if os.path.exists(store + suffix):
            shutil.copy(store + suffix, copy + suffix)
    offset = os.path.getsize(cluster.server.log)
    spoil(store, damage)
    try:
        cluster.server.restart()
        items = click(counter)
        await_refusal(cluster, counter, offset, 3, "damaged")
    finally:
        cluster.server.kill()
        remove(store)
        for suffix in ("", "-wal"):
            if os.path.exists(copy + suffix):
                shutil.copy(copy + suffix, store + suffix)
        cluster.server.restart()
    counter.await_once(items)
    counter.await_idle()


def spoil(store, damage):
    # What is in the log only, after a kill, would not be damaged but gone
    connection = sqlite3.connect(store)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    for suffix in ("-wal", "-shm"):
        if os.path.exists(store + suffix):
            os.remove(store + suffix)
    with open(store, "r+b") as opened:
        if damage == "garbage":
            opened.write(os.urandom(os.path.getsize(store)))
        else:
            # whatever is in the log only is cut as well
            opened.truncate(4096 * 3 + 100)


def remove(store):
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(store + suffix):
            os.remove(store + suffix)


@pytest.fixture
def small_disk(cluster, tmp_path):
    """The queue server's store on a small disk; the former one afterwards."""
    place = str(tmp_path / "disk")
    os.mkdir(place)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size={}".format(DISK), "queuetest",
         place], capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip("No small disk could be mounted (that takes root): " +
                    mounted.stderr.strip())
    server = cluster.server
    former = server.process.env["SENAITE_QUEUE_STORE"]
    server.kill()
    server.process.env["SENAITE_QUEUE_STORE"] = \
        "sqlite:///" + os.path.join(place, "queue.db")
    server.restart()
    yield place
    server.kill()
    server.process.env["SENAITE_QUEUE_STORE"] = former
    server.restart()
    subprocess.run(["umount", place], check=False)


@pytest.mark.long
def test_disk_full_and_read_only(cluster, counter, small_disk):
    counter.await_once(click(counter))
    counter.await_idle()

    filler = os.path.join(small_disk, "filler")
    offset = os.path.getsize(cluster.server.log)
    fill(filler)
    many = [item for _ in range(4) for item in click(counter, 15)]
    await_refusal(cluster, counter, offset, 10, "disk is full")
    os.remove(filler)
    # nothing has to be restarted
    counter.await_once(many)
    counter.await_idle()

    cluster.server.kill()
    offset = os.path.getsize(cluster.server.log)
    remount(small_disk, "ro")
    try:
        cluster.server.restart()
        items = click(counter)
        await_refusal(cluster, counter, offset, 3, "unavailable")
    finally:
        remount(small_disk, "rw")
    counter.await_once(items)
    counter.await_idle()


def fill(path):
    """Leave next to no room."""
    with open(path, "wb", buffering=0) as opened:
        try:
            while True:
                opened.write(b"x" * 512)
        except OSError:
            pass


def remount(place, mode):
    subprocess.run(["mount", "-o", "remount," + mode, place], check=True)


@pytest.mark.long
def test_backup_while_it_works(cluster, counter, store, tmp_path):
    """A backup made in the middle of the work, put back after a disaster:
    what was done since is not done again, what was left is done once."""
    counter.hold()
    items = click(counter, 6)
    eventually(lambda: counter.waiting() == 6, "6 tasks in the queue")
    copy = str(tmp_path / "copy.db")
    command = [paths.ZOPEPY, "-m", "senaite.queue.storage.backup"]
    said = subprocess.run(command + ["save", store, copy], check=True,
                          capture_output=True, text=True).stdout
    assert "tasks saved" in said
    counter.release()
    # done after the backup, and so not known to it
    counter.await_once(items)

    cluster.server.kill()
    remove(store)
    said = subprocess.run(command + ["restore", copy, store], check=True,
                          capture_output=True, text=True).stdout
    assert " 0 of them set to failed" in said
    cluster.server.restart()
    more = click(counter)
    counter.await_once(more)
    counter.await_idle()
    assert counter.counts(items) == [1] * len(items)
