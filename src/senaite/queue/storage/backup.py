# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Backup and restore of a SQLite store; a command for both.

    python -m senaite.queue.storage.backup save STORE BACKUP
    python -m senaite.queue.storage.backup restore BACKUP STORE

`save` may run while the queue server works. `restore` wants it stopped. What
the backup knows as waiting or running may have been done since: for as long
as the ledger remembers, it is simply delivered again and found there; in an
older backup such tasks become failed, for a manager to look at, because
nobody can tell any more whether they were done.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import argparse
import os
import shutil
import sqlite3
import sys
import time

import sqlalchemy as sa

from senaite.queue.errors import StoreUnavailable
from senaite.queue.model import fields
from senaite.queue.model import states
from senaite.queue.storage import database
from senaite.queue.storage import lanes
from senaite.queue.storage import open_store
from senaite.queue.storage import schema
from senaite.queue.storage import state_changes
from senaite.queue.storage import unitofwork

#: Seconds for which the ledger remembers what was done, less some for those
#: who restore: see `senaite.queue.records.ledger.KEEP_SECONDS`
REMEMBERED_SECONDS = 3000

#: Seconds to wait for a writer
PATIENCE = 30

UNKNOWN = (u"Restored from an old backup: whether this was done after {} UTC "
           u"is not known. Look at the objects, then requeue or remove it")

PREFIX = "sqlite:///"


def save(store, target, now=None):
    """Write a copy of a store, as it is at one moment.

    :param store: path of the store's file, or its URL
    :param target: path of the copy; must not exist
    :param now: UTC epoch seconds, the clock by default
    :returns: the number of tasks in the copy
    :raises StoreUnavailable: when the store cannot be read or the copy not
        be written; says why
    """
    store = get_path(store)
    if not os.path.isfile(store):
        raise StoreUnavailable("There is no task store {}".format(store))
    if os.path.exists(target):
        raise StoreUnavailable("{} exists already".format(target))
    work = "{}.part-{}".format(target, os.getpid())
    try:
        _copy(store, work)
        count = _finish_copy(work, time.time() if now is None else now)
        os.rename(work, target)
        return count
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable("No backup of {} was made: {}".format(
            store, error))
    finally:
        if os.path.exists(work):
            os.remove(work)


def _copy(store, path):
    """Copy a store as it is at one moment, whoever writes meanwhile."""
    connection = sqlite3.connect(
        store, timeout=PATIENCE, isolation_level=None)
    try:
        connection.execute("VACUUM INTO ?", (fields.to_text(path),))
    finally:
        connection.close()


def _finish_copy(path, now):
    """Note when the copy was made, and see to it that it is on the disk."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA user_version={}".format(int(now)))
        found = connection.execute("SELECT count(*) FROM task").fetchone()[0]
    finally:
        connection.close()
    with open(path, "rb+") as opened:
        os.fsync(opened.fileno())
    return found


def restore(backup, store, now=None):
    """Put a copy in the place of a store; the queue server must not run.

    The former file, if there is one, is kept beside it.

    :param backup: path of the copy
    :param store: path of the store's file, or its URL
    :param now: UTC epoch seconds, the clock by default
    :returns: `made` (epoch seconds), `tasks`, `failed` (how many became
        failed because nobody knows what became of them), `former` (where
        the former file is, or None)
    :rtype: dict
    :raises StoreUnavailable: when the copy is none, or is damaged
    """
    store = get_path(store)
    now = time.time() if now is None else now
    work = "{}.restore-{}".format(store, os.getpid())
    try:
        shutil.copyfile(backup, work)
        made, count = _examine(work, backup)
        failed = _renew(PREFIX + os.path.abspath(work), made, now)
        former = _move_away(store, now)
        os.rename(work, store)
    except EnvironmentError as error:
        raise StoreUnavailable("{} was not restored: {}".format(
            backup, error))
    finally:
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(work + suffix):
                os.remove(work + suffix)
    return {"made": made, "tasks": count, "failed": failed, "former": former}


def _examine(path, backup):
    """Return when a copy was made, and how many tasks are in it."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            raise StoreUnavailable("{} is damaged: {}".format(backup, found))
        made = connection.execute("PRAGMA user_version").fetchone()[0]
        count = connection.execute("SELECT count(*) FROM task").fetchone()[0]
    except sqlite3.Error as error:
        raise StoreUnavailable("{} is no backup of a task store: {}".format(
            backup, error))
    finally:
        connection.close()
    return made, count


def _renew(url, made, now):
    """Prepare a copy for a life of its own; returns how many tasks failed.

    Clients that have seen a later state of the queue begin anew with a new
    epoch, whatever numbers the copy comes to.
    """
    base = database.get_database(url)
    failed = 0
    try:
        with base.read() as connection:
            sites = [row[0] for row in connection.execute(
                sa.select(schema.site.c.site))]
        for site in sites:
            if now - made > REMEMBERED_SECONDS:
                failed += _fail_active(url, site, made)
            with base.write() as connection:
                connection.execute(sa.update(schema.site).where(
                    schema.site.c.site == site
                ).values(epoch=unitofwork.new_epoch()))
    finally:
        database.forget_database(url)
    return failed


def _fail_active(url, site, made):
    """End the tasks of a site that were waiting or running."""
    message = UNKNOWN.format(time.strftime(
        "%Y-%m-%d %H:%M", time.gmtime(made)))
    store = open_store(url, site)
    active = store.find(states.ACTIVE)
    with store._write() as unit:
        for task in active:
            row = state_changes.get(unit, fields.to_text(task.task_uid))
            if row["state"] == states.RUNNING:
                state_changes.fail_attempt(unit, dict(row, retries=0), "fatal",
                                   message)
                continue
            state_changes.move(unit, row, "give_up", error_message=message)
            lanes.refresh(unit, row)
    return len(active)


def _move_away(store, now):
    """Keep the former file under another name; returns the name."""
    if not os.path.exists(store):
        return None
    former = "{}.before-{}".format(store, time.strftime(
        "%Y%m%d-%H%M%S", time.gmtime(now)))
    for suffix in ("-wal", "-shm", ""):
        if os.path.exists(store + suffix):
            os.rename(store + suffix, former + suffix)
    return former


def get_path(store):
    """Return the path of a store.

    :param store: path or URL
    :raises StoreUnavailable: for the URL of another database
    """
    if store.startswith(PREFIX):
        return store[len(PREFIX):]
    if "://" in store:
        raise StoreUnavailable(
            "{} is no SQLite store: use the tools of its database, e.g. "
            "pg_dump".format(store.split("://")[0]))
    return store


def main(arguments=None):
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="senaite.queue.storage.backup")
    commands = parser.add_subparsers(dest="command")
    for name, first, second in (("save", "store", "target"),
                                ("restore", "backup", "store")):
        command = commands.add_parser(name)
        command.add_argument(first)
        command.add_argument(second)
    options = parser.parse_args(arguments)
    try:
        if options.command == "save":
            print("{} tasks saved to {}".format(
                save(options.store, options.target), options.target))
        else:
            print("{tasks} tasks restored, {failed} of them set to failed; "
                  "former store: {former}".format(
                      **restore(options.backup, options.store)))
    except StoreUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
