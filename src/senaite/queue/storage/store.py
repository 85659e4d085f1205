# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The task store of one site: each method is one transaction.

The modules named after the methods do the work; this one begins and ends the
transactions. `senaite.queue.interfaces.ITaskStore` documents the methods.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib
import random

from zope.interface import implementer

from senaite.queue.errors import NotRunning
from senaite.queue.interfaces import ITaskStore
from senaite.queue.model.clock import monotonic
from senaite.queue.model import fields
from senaite.queue.model import states
from senaite.queue.storage import additions
from senaite.queue.storage import claims
from senaite.queue.storage import consumer_registry as consumers
from senaite.queue.storage import database
from senaite.queue.storage import feed
from senaite.queue.storage import filtering
from senaite.queue.storage import interventions
from senaite.queue.storage import jobs
from senaite.queue.storage import meeting
from senaite.queue.storage import outcomes
from senaite.queue.storage import pauses
from senaite.queue.storage import presence
from senaite.queue.storage import queue_ahead
from senaite.queue.storage import reads
from senaite.queue.storage import statistics
from senaite.queue.storage.store_clock import StoreClock
from senaite.queue.storage.unitofwork import Unit
from senaite.queue.storage import upkeep


@implementer(ITaskStore)
class TaskStore(object):
    """The tasks of a site in an SQL database."""

    def __init__(self, url, site_id, clock=None, elapsed=None,
                 random_source=None):
        self.url = url
        self.site_id = fields.to_text(site_id)
        self._wall = clock
        self._clock = StoreClock(elapsed or clock or monotonic)
        self._random = random_source or random.random
        # Fails on a bad URL; opened by the first method
        database.get_database(url)

    @contextlib.contextmanager
    def _read(self):
        base = database.get_database(self.url)
        with base.read() as connection:
            unit = Unit(connection, self.site_id, base.dialect, self._random)
            self._set_time(unit)
            yield unit

    @contextlib.contextmanager
    def _write(self):
        base = database.get_database(self.url)
        try:
            with base.write() as connection:
                unit = Unit(connection, self.site_id, base.dialect,
                            self._random, writes=True)
                base.dialect.take_turn(unit)
                self._set_time(unit)
                yield unit
                unit.finish()
        except Exception:
            self._clock.note_rollback()
            raise

    def _set_time(self, unit):
        unit.now = self._clock.read(unit, self._time_of_day(unit))
        unit.began = self._clock.began

    def _time_of_day(self, unit):
        if self._wall is not None:
            return self._wall()
        return unit.dialect.now(unit.connection)

    def now(self):
        with self._read() as unit:
            return unit.now

    def ahead(self):
        with self._read() as unit:
            return unit.now - self._time_of_day(unit)

    def version(self):
        with self._site_unit() as unit:
            return feed.version(unit.site_row())

    def changes(self, since=None, limit=1000):
        with self._site_unit() as unit:
            return feed.changes(unit, unit.site_row(), since, limit)

    @contextlib.contextmanager
    def _site_unit(self):
        # Creates the row of a site that has not been written to yet
        with self._read() as unit:
            known = unit.knows_site()
            if known:
                yield unit
        if not known:
            with self._write() as unit:
                yield unit

    def check(self):
        base = database.get_database(self.url)
        with self._write() as unit:
            upkeep.check(unit)
        base.dialect.check_room(base.url)

    def configure(self, top_priority_tasks):
        with self._write() as unit:
            return upkeep.configure(unit, top_priority_tasks)

    def add(self, task):
        with self._write() as unit:
            return additions.add(unit, [task])[0]

    def add_many(self, tasks):
        with self._write() as unit:
            return additions.add(unit, tasks)

    def pop(self, consumer_id, lease_seconds, most=None):
        with self._write() as unit:
            return claims.pop(unit, consumer_id, lease_seconds, most)

    def heartbeat(self, consumer_id, task_uid, lease_seconds):
        with self._write() as unit:
            return claims.heartbeat(unit, consumer_id, task_uid,
                                    lease_seconds)

    def acknowledge(self, task_uid, consumer_id, processed=None, note=None,
                    skipped=0, skipped_items=None):
        with self._write() as unit:
            state = outcomes.acknowledge(unit, task_uid, consumer_id,
                                         processed, note, skipped,
                                         skipped_items)
        return self._unless_cancelled(task_uid, state) == states.DONE

    def fail(self, task_uid, consumer_id, kind, error_message,
             traceback=None, error_code=None):
        with self._write() as unit:
            state = outcomes.fail(unit, task_uid, consumer_id, kind,
                                  error_message, traceback, error_code)
        return self._unless_cancelled(task_uid, state)

    def _unless_cancelled(self, task_uid, state):
        # Raised after the commit: the lane is open again
        if state == states.CANCELLED:
            raise NotRunning("Task {} was cancelled while it ran".format(
                task_uid))
        return state

    def requeue(self, task_uid, username=None):
        with self._write() as unit:
            return outcomes.requeue(unit, task_uid, username)

    def cancel(self, task_uid, username=None):
        with self._write() as unit:
            return outcomes.cancel(unit, task_uid, username)

    def purge(self):
        with self._write() as unit:
            return upkeep.purge(unit)

    def get(self, task_uid):
        with self._read() as unit:
            return reads.get(unit, task_uid)

    def states_of(self, task_uids):
        with self._read() as unit:
            return reads.states_of(unit, task_uids)

    def find(self, states=None, name=None, uid=None, limit=None, offset=0):
        with self._read() as unit:
            return reads.find(unit, states, name, uid, limit, offset)

    def count(self, states=None):
        with self._read() as unit:
            return reads.count(unit, states)

    def uids(self, states=None):
        with self._read() as unit:
            return reads.uids(unit, states)

    def hello(self, consumer_id, stopped=()):
        with self._write() as unit:
            return consumers.hello(unit, consumer_id, stopped)

    def consumers(self):
        with self._read() as unit:
            return consumers.describe(unit)

    def attempts(self, task_uid):
        with self._read() as unit:
            return reads.attempts(unit, task_uid)

    def job(self, job_uid):
        with self._read() as unit:
            return jobs.describe(unit, job_uid)

    def next_due(self):
        with self._read() as unit:
            return claims.next_due(unit)

    def rescue(self, limit=100):
        with self._write() as unit:
            return upkeep.rescue(unit, limit)

    def prune(self, retention_seconds, limit=1000):
        with self._write() as unit:
            return upkeep.prune(unit, retention_seconds, limit)

    def forget_payloads(self, retention_seconds, after=None, limit=100):
        with self._write() as unit:
            return upkeep.forget_payloads(unit, retention_seconds, after,
                                          limit)

    def stats(self):
        with self._read() as unit:
            return statistics.stats(unit)

    def finished(self, since, until):
        with self._read() as unit:
            return statistics.finished(unit, since, until)

    def line_up(self, limit):
        with self._read() as unit:
            return queue_ahead.line_up(unit, limit)

    def paces(self, since):
        with self._read() as unit:
            return queue_ahead.paces(unit, since)

    def page(self, kinds=None, **asked_for):
        with self._read() as unit:
            return filtering.page(unit, kinds or states.KINDS,
                                **asked_for)

    def set_priority(self, task_uid, priority, username=None):
        with self._write() as unit:
            return interventions.set_priority(unit, task_uid, priority,
                                              username)

    def cancel_job(self, job_uid, username=None):
        with self._write() as unit:
            return interventions.cancel_job(unit, job_uid, username)

    def pause(self, name=None, username=None):
        with self._write() as unit:
            return pauses.pause(unit, name, username)

    def resume(self, name=None, username=None):
        with self._write() as unit:
            return pauses.resume(unit, name, username)

    def pauses(self):
        with self._read() as unit:
            return pauses.describe(unit)

    def past_pauses(self, name, since, until):
        with self._read() as unit:
            return pauses.describe_past(unit, name, since, until)

    def meet(self, mark, worked=None):
        with self._read() as unit:
            return meeting.meet(unit, mark, worked)

    def note_mark(self, mark, worked=None):
        with self._write() as unit:
            meeting.note(unit, mark, worked)

    def hold(self, kind, mark, by=None):
        with self._write() as unit:
            return meeting.hold(unit, kind, mark, by)

    def lift(self, by):
        with self._write() as unit:
            return meeting.lift(unit, by)

    def servers(self):
        with self._read() as unit:
            return presence.describe(unit)

    def attend(self, me, gone=(), has=None, joins=True):
        with self._write() as unit:
            return presence.attend(unit, me, gone, has, joins)

    def leave(self, server_id):
        with self._write() as unit:
            presence.leave(unit, server_id)

    def forget_strangers(self):
        with self._write() as unit:
            presence.forget_strangers(unit)

    def get_hold(self):
        with self._read() as unit:
            return meeting.get_hold(unit)

    def changed_since(self, mark):
        with self._read() as unit:
            return meeting.changed_since(unit, mark)

    def reconcile(self, kind, mark, decisions, reasons, tasks=None):
        with self._write() as unit:
            return meeting.reconcile(unit, kind, mark, decisions, reasons,
                                     tasks or {})

    def close(self):
        database.forget_database(self.url)
