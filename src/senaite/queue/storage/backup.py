# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Backup and restore of a SQLite store, with a command for each.

    python -m senaite.queue.storage.backup save STORE BACKUP
    python -m senaite.queue.storage.backup restore BACKUP STORE

`save` may run while the queue server works. `restore` refuses to replace a
store that a running process has open: stop the queue server first.
Tasks that are waiting or running in the backup may have been done since then.
While the ledger still remembers them, they are delivered again and found
there. In an older backup nothing tells whether they were done, so they are
set to failed for a manager to decide.
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
from senaite.queue.model import clock
from senaite.queue.model import fields
from senaite.queue.model import states
from senaite.queue.storage import database
from senaite.queue.storage import lanes
from senaite.queue.storage import meeting
from senaite.queue.storage import open_store
from senaite.queue.storage import schema
from senaite.queue.storage import state_changes
from senaite.queue.storage import store_files

#: Seconds for which the ledger remembers finished work, less a margin for the
#: restore itself: see `senaite.queue.records.ledger.KEEP_SECONDS`
REMEMBERED_SECONDS = 3000

#: Seconds to wait for a writer
PATIENCE = 30

UNKNOWN = (u"Restored from an old backup: whether this was done after {} UTC "
           u"is not known. Look at the objects, then requeue or remove it")

PREFIX = "sqlite:///"


def save(store, target, now=None):
    """Write a consistent copy of a store.

    :param store: path of the store's file, or its URL
    :param target: path of the copy; must not exist
    :param now: UTC epoch seconds, the clock by default
    :returns: the number of tasks in the copy
    :raises StoreUnavailable: when the store cannot be read or the copy cannot
        be written; the message says why
    """
    store = get_path(store)
    database.Database(PREFIX + store).require()
    if os.path.exists(target):
        raise StoreUnavailable("{} exists already".format(target))
    work = "{}.part-{}".format(target, os.getpid())
    try:
        store_files.make_private(work)
        _copy(store, work)
        count = _finish_copy(work, clock.now() if now is None else now)
        os.rename(work, target)
        return count
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable("No backup of {} was made: {}".format(
            store, error))
    finally:
        if os.path.exists(work):
            os.remove(work)


def _copy(store, path):
    """Copy a store as it is at one moment, even while others write to it."""
    connection = sqlite3.connect(
        store, timeout=PATIENCE, isolation_level=None)
    try:
        connection.execute("VACUUM INTO ?", (fields.to_text(path),))
    finally:
        connection.close()


def _finish_copy(path, now):
    """Record when the copy was made, and flush it to disk; return its number
    of tasks."""
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
    """Replace a store with a backup; no process may have the store open.

    The former file, if there is one, is kept beside it.

    :param backup: path of the copy
    :param store: path of the store's file, or its URL
    :param now: UTC epoch seconds, the clock by default
    :returns: `made` (epoch seconds), `tasks`, `failed` (the number of tasks
        set to failed because their outcome is unknown), `former` (path of
        the former file, or None)
    :rtype: dict
    :raises StoreUnavailable: when a process has the store open, or the backup
        is missing, damaged, or not a backup of a task store
    """
    store = get_path(store)
    now = clock.now() if now is None else now
    work = "{}.restore-{}".format(store, os.getpid())
    database.Database(PREFIX + os.path.abspath(backup)).require()
    try:
        with store_files.alone(store):
            store_files.make_private(work)
            shutil.copyfile(backup, work)
            made, count = _examine(work, backup)
            failed = _renew(PREFIX + os.path.abspath(work), made, now,
                            _read_epochs(store))
            store_files.give_access_like(work, store)
            former = _move_away(store, now)
            os.rename(work, store)
    except EnvironmentError as error:
        raise StoreUnavailable("{} was not restored: {}".format(
            backup, error))
    finally:
        for suffix in ("", store_files.LOCK_SUFFIX) + store_files.COMPANIONS:
            if os.path.exists(work + suffix):
                os.remove(work + suffix)
    return {"made": made, "tasks": count, "failed": failed, "former": former}


def _examine(path, backup):
    """Return when a copy was made, and its number of tasks."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            raise StoreUnavailable("{} is damaged: {}".format(backup, found))
        made = connection.execute("PRAGMA user_version").fetchone()[0]
        count = connection.execute("SELECT count(*) FROM task").fetchone()[0]
    except sqlite3.Error as error:
        raise StoreUnavailable("{} is not a backup of a task store: {}".format(
            backup, error))
    finally:
        connection.close()
    return made, count


def _read_epochs(store):
    """Return site -> epoch of the store that is replaced, as far as it can be
    read: the sites know it, and are to go on with the copy."""
    if not os.path.exists(store):
        return {}
    connection = sqlite3.connect(store, timeout=PATIENCE)
    try:
        return dict(connection.execute("SELECT site, epoch FROM site"))
    except sqlite3.Error:
        return {}
    finally:
        connection.close()


def _renew(url, made, now, replaced):
    """Prepare a copy for use; return the number of tasks set to failed.

    The new epoch makes clients that have seen a later state of the queue
    start again, whatever version numbers the copy reaches.

    :param replaced: site -> epoch of the store that is replaced
    """
    base = database.get_database(url)
    failed = 0
    try:
        with base.read() as connection:
            found = connection.execute(sa.select(schema.site)).mappings().all()
        for row in found:
            site = row["site"]
            if now - made > REMEMBERED_SECONDS:
                failed += _fail_active(url, site, made)
            with base.write() as connection:
                also = [fields.to_native(replaced[site])] \
                    if site in replaced else []
                values = meeting.renewed(row, row["counter"], also)
                # The database may be restored, too, from an older backup
                values["seen"] = row["seen"]
                connection.execute(sa.update(schema.site).where(
                    schema.site.c.site == site).values(**values))
    finally:
        database.forget_database(url)
    return failed


def _fail_active(url, site, made):
    """Set the tasks of a site that were waiting or running to failed."""
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
    """Keep the former file under another name; return that name."""
    if not os.path.exists(store):
        return None
    former = "{}.before-{}".format(store, time.strftime(
        "%Y%m%d-%H%M%S", time.gmtime(now)))
    for suffix in store_files.COMPANIONS + ("",):
        if os.path.exists(store + suffix):
            os.rename(store + suffix, former + suffix)
    return former


def get_path(store):
    """Return the path of a store.

    :param store: path or URL
    :raises StoreUnavailable: when the URL belongs to another database
    """
    if store.startswith(PREFIX):
        return store[len(PREFIX):]
    if "://" in store:
        raise StoreUnavailable(
            "{} is not a SQLite store: use the tools of its database, e.g. "
            "pg_dump".format(store.split("://")[0]))
    return store


def main(arguments=None):
    """Run the command; return its exit status."""
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
            print("{} tasks saved from {} to {}".format(
                save(options.store, options.target), get_path(options.store),
                options.target))
        else:
            found = restore(options.backup, options.store)
            print("{tasks} tasks restored from {} to {}, {failed} of them set "
                  "to failed.".format(
                      options.backup, get_path(options.store), **found))
            print("The former store is kept: {}".format(found["former"])
                  if found["former"] else "There was no store before: check "
                  "that the queue server uses this one.")
    except StoreUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
