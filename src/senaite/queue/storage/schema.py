# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The tables: one schema for SQLite and PostgreSQL.

The first key column of every table is the site: stores of several sites may
share one database and never see each other.

Tasks run in the order (tier, rank, context_uid, seq). A *lane* contains tasks
of which only one may run at a time, in their order: while the head waits for a
lock, no other task of its lane overtakes it. The row of a lane names its head,
which is the best of its ready tasks, and its gate, which tells whether the
head may run. `pop` reads the best row with an open gate, so it never looks at
a task that has to wait, however many there are (see `lanes` and `locks`).
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from sqlalchemy import BigInteger
from sqlalchemy import Boolean
from sqlalchemy import Column
from sqlalchemy import Float
from sqlalchemy import Index
from sqlalchemy import Integer
from sqlalchemy import literal_column
from sqlalchemy import MetaData
from sqlalchemy import Table

from senaite.queue.storage.column_types import String
from senaite.queue.storage.column_types import Text

metadata = MetaData()


def _site():
    return Column("site", String(255), primary_key=True)


def _uid(name, **kw):
    return Column(name, String(64), **kw)


def _context_uid(**kw):
    # Sorted by byte, as Python compares, whatever the locale of the database:
    # the column is part of the order of tasks
    return Column("context_uid", String(64).with_variant(
        String(64, collation="C"), "postgresql"), **kw)


#: One row: version of the schema
schema_version = Table(
    "schema_version", metadata,
    Column("version", Integer, nullable=False),
)

#: Per site: version of the feed and the list of top priority names
site = Table(
    "site", metadata,
    _site(),
    Column("epoch", String(16), nullable=False),
    Column("counter", BigInteger, nullable=False),
    # Changes up to this version are no longer in the feed
    Column("forgotten", BigInteger, nullable=False),
    Column("top_priority", Text, nullable=False),
    # The latest reading of the store's clock that was kept, and the time of
    # day that belongs to it; see `store_clock`
    Column("clock", Float(53)),
    Column("clock_wall", Float(53)),
    # The latest version that the site is known to have recorded, and its
    # latest transaction that recorded work; former epochs of this store, and
    # why no tasks are handed out (JSON); see `meeting`
    Column("seen", String(40)),
    Column("worked", String(16)),
    Column("formers", Text),
    Column("hold", Text),
    # Queue servers that work with the store (JSON); see `presence`
    Column("servers", Text),
)

#: One row per task, history included. `payload` is the task as it was added;
#: values that change during its life have columns of their own.
task = Table(
    "task", metadata,
    _site(),
    _uid("task_uid", primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("name", String(100), nullable=False),
    Column("lane", Text, nullable=False),
    Column("tier", Integer, nullable=False),
    Column("rank", Float(53), nullable=False),
    Column("ready", Boolean(create_constraint=False), nullable=False),
    Column("visible_at", Float(53), nullable=False),
    _context_uid(nullable=False),
    Column("locks", Text),
    _uid("job_uid", nullable=False),
    Column("created", Float(53), nullable=False),
    Column("started", Float(53)),
    Column("ended", Float(53)),
    Column("retries", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("chunk_size", Integer, nullable=False),
    Column("max_seconds", Float(53), nullable=False),
    Column("consumer_id", String(200)),
    # Set while a consumer may be working on the task
    Column("lease_until", Float(53)),
    Column("error_message", Text),
    Column("note", Text),
    # Why it has failed; how many items it has skipped, and some of them; what
    # people have done to it (JSON)
    Column("error_code", String(100)),
    Column("skipped", Integer),
    Column("skipped_items", Text),
    Column("interventions", Text),
    Column("version", BigInteger, nullable=False),
    # Columns by which listings filter, search and sort
    Column("ghost", Boolean(create_constraint=False), nullable=False),
    Column("username", String(200), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("place", String(200), nullable=False),
    Column("haystack", String(500), nullable=False),
    Column("payload", Text, nullable=False),
    # Set when the payload of a task that is done lost the items that a
    # follow-up has
    Column("cut", Boolean(create_constraint=False)),
    # Set when it lost its free keys
    Column("thin", Boolean(create_constraint=False)),
)

ORDER = (task.c.tier, task.c.rank, task.c.context_uid, task.c.seq)

# The head of a lane
Index("ix_task_head", task.c.site, task.c.lane, task.c.state, task.c.ready,
      *ORDER)
# Listings by state, in the order of running
Index("ix_task_state", task.c.site, task.c.state, *ORDER)
# Promotion: delayed tasks whose time has come
Index("ix_task_delayed", task.c.site, task.c.state, task.c.ready,
      task.c.visible_at)
# Rescue: leases that have ended
Index("ix_task_lease", task.c.site, task.c.lease_until)
# Tasks held by a consumer
Index("ix_task_consumer", task.c.site, task.c.consumer_id,
      task.c.lease_until)
# The change feed
Index("ix_task_version", task.c.site, task.c.version, unique=True)
# Progress of a job
Index("ix_task_job", task.c.site, task.c.job_uid, task.c.state)
# `unique` tasks, and tasks of a context
Index("ix_task_context", task.c.site, task.c.context_uid, task.c.name,
      task.c.state)
# Listings by age, user and place. The last index is scanned for searches
# without a look at the tasks; it begins with the name, so it sorts by name
Index("ix_task_created", task.c.site, task.c.state, task.c.ghost,
      task.c.created, task.c.seq)
Index("ix_task_user", task.c.site, task.c.state, task.c.ghost,
      task.c.username, task.c.seq)
Index("ix_task_place", task.c.site, task.c.state, task.c.ghost,
      task.c.place, task.c.seq)
Index("ix_task_search", task.c.site, task.c.state, task.c.ghost,
      task.c.haystack)
# Pruning of history
Index("ix_task_ended", task.c.site, task.c.state, task.c.ended)

# Tasks with skipped items
Index("ix_task_skipped", task.c.site, task.c.ended,
      sqlite_where=task.c.skipped > literal_column("0"),
      postgresql_where=task.c.skipped > literal_column("0"))

#: Objects involved in a task, while it is active or failed
involved = Table(
    "task_uid_index", metadata,
    _site(),
    _uid("uid", primary_key=True),
    _uid("task_uid", primary_key=True),
    sqlite_with_rowid=False,
)
Index("ix_involved_task", involved.c.site, involved.c.task_uid)

#: Lanes with ready or running tasks
lane = Table(
    "lane", metadata,
    _site(),
    Column("lane", Text, primary_key=True),
    Column("name", String(100), nullable=False),
    # "free": the head may run; "busy": a task of the lane is running;
    # "lock:<uid>": the head waits for this lock; "paused": its name is paused
    Column("gate", String(80), nullable=False),
    # The task that occupies the lane
    _uid("running_uid"),
    # The head, with a copy of its sort key and locks; NULL: no task is ready
    _uid("head_uid"),
    Column("tier", Integer),
    Column("rank", Float(53)),
    _context_uid(),
    Column("seq", BigInteger),
    Column("locks", Text),
)
LANE_ORDER = (lane.c.tier, lane.c.rank, lane.c.context_uid, lane.c.seq)
Index("ix_lane_gate", lane.c.site, lane.c.gate, *LANE_ORDER)

#: Locks in use: held by a running task (`task_uid`), or claimed by the head
#: of a lane whose gate is free
lock = Table(
    "lock_in_use", metadata,
    _site(),
    _uid("uid", primary_key=True),
    Column("lane", Text, nullable=False),
    _uid("task_uid"),
)
Index("ix_lock_lane", lock.c.site, lock.c.lane)
Index("ix_lock_task", lock.c.site, lock.c.task_uid)

#: One row per attempt at a task
attempt = Table(
    "attempt", metadata,
    _site(),
    _uid("task_uid", primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("consumer_id", String(200), nullable=False),
    Column("started", Float(53), nullable=False),
    Column("ended", Float(53)),
    # "done", "cancelled" or a kind of failure
    Column("outcome", String(16)),
    Column("error_message", Text),
    Column("traceback", Text),
)

#: Progress of jobs: number of items, of those that are done, and of those that
#: were skipped
job = Table(
    "job", metadata,
    _site(),
    _uid("job_uid", primary_key=True),
    Column("name", String(100), nullable=False),
    Column("username", Text),
    _uid("context_uid", nullable=False),
    Column("context_path", Text, nullable=False),
    Column("created", Float(53), nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("skipped", BigInteger, nullable=False),
    # Set when one of its running tasks was cancelled: cancels follow-ups too
    Column("cancelled", Boolean(create_constraint=False), nullable=False),
)

#: Consumers that have asked for work
consumer = Table(
    "consumer", metadata,
    _site(),
    Column("consumer_id", String(200), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("last_seen", Float(53), nullable=False),
)
Index("ix_consumer_name", consumer.c.site, consumer.c.name)

#: Pauses: tasks of a name, or with an empty name all tasks
pause = Table(
    "pause", metadata,
    _site(),
    Column("name", String(100), primary_key=True),
    Column("since", Float(53), nullable=False),
    Column("username", String(200), nullable=False),
)

#: Pauses that have ended, as long as history is kept
past_pause = Table(
    "past_pause", metadata,
    _site(),
    Column("name", String(100), primary_key=True),
    Column("since", Float(53), primary_key=True),
    Column("username", String(200), nullable=False),
    Column("until", Float(53), nullable=False),
    Column("resumed_by", String(200), nullable=False),
)
Index("ix_past_pause", past_pause.c.site, past_pause.c.until)
