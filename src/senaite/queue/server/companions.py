# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Whether the queue servers that work with a task store see one database.

A copy of the database may have a queue server of its own that was given the
store of the original. It must not take the original's tasks, nor hold them.

* What: each queue server commits a mark to its database, and reports it to the
  store; a newcomer gets tasks when a server that is at work has found its mark
  (see `senaite.queue.model.peers`).
* When: before tasks are handed out or accepted; one write of the store every
  `REPORT_SECONDS`.
* Limits: the copy is not told from an original that was moved while no queue
  server of the original is running. A server that ends signs off; one that was
  killed on another machine is waited for, `peers.SILENT_SECONDS` long.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import binascii
import errno
import os
import threading

from senaite.queue.errors import DatabaseClosed
from senaite.queue.errors import SiteGone
from senaite.queue.errors import StoreUnavailable
from senaite.queue import logger
from senaite.queue.model import clock
from senaite.queue.model import fields
from senaite.queue.model import peers
from senaite.queue.model import restores

#: Seconds between two reports
REPORT_SECONDS = 2

#: Seconds between two reports of a server that waits to be let in
ASK_SECONDS = 0.5

#: Seconds for which a mark has to be missed. ZEO may tell us of its commit late
MISSED_SECONDS = 5

_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_PID_NAMESPACE = "/proc/self/ns/pid"


class Companions(object):
    """The queue servers of one site and store, as one of them sees them."""

    def __init__(self, store, place=None, clock=clock.monotonic):
        """
        :type store: senaite.queue.interfaces.ITaskStore
        :param place: where this process runs, as of `get_place`
        :param clock: function that returns seconds
        """
        self.store = store
        self.mark = None
        self._place = place
        self._clock = clock
        self._lock = threading.Lock()
        self._id = fields.to_native(binascii.hexlify(os.urandom(8)))
        self._reported_at = None
        self._found = None
        self._joins = True
        self._known = set()
        self._missed = {}
        # id of another server -> its latest report when we began
        self._first_seen = {}
        self._has_left = False

    def look(self, portal, joins=True):
        """Report, and look whether the others see the same database.

        :param portal: the site, as the current transaction sees it
        :param joins: False: the store does not belong to the database, say the
            two themselves
        :returns: `restores.FOREIGN`, `JOINING`, or None when all is well
        :raises StoreUnavailable: when the store does not answer
        """
        with self._lock:
            if self._has_left:
                # Others may be at work without having asked this one
                return restores.JOINING
            waited = None if self._reported_at is None \
                else self._clock() - self._reported_at
            if waited is None or joins != self._joins or waited >= (
                    ASK_SECONDS if self._found else REPORT_SECONDS):
                try:
                    self._found = self._report(portal, joins)
                except StoreUnavailable:
                    if waited is None or self._found is not None:
                        raise
                    # It has been let in, and the store may still be read
                self._joins = joins
                self._reported_at = self._clock()
            return self._found

    def step_back(self, portal):
        """Let others go before, while the store and the database do not belong
        together."""
        self.look(portal, joins=False)

    def leave(self):
        """Sign off, because this process ends: the next one is not to wait for
        it. It reports no more, and gets no tasks. May be called again."""
        with self._lock:
            if self._has_left:
                return
            self._has_left = True
            if self._reported_at is None:
                return
            try:
                self.store.leave(self._id)
            except StoreUnavailable as error:
                # The others find out for themselves, a little later
                logger.info("event=not_signed_off error=%r", str(error))

    def are_at_work(self):
        """Tell whether another queue server is at work with the store."""
        others = self.store.servers()
        now, gone = self.store.now(), self._find_gone(others)
        return any(peer["standing"] == peers.MEMBER and peer["id"] != self._id
                   and peers.is_alive(peer, now, gone) for peer in others)

    def forget_strangers(self):
        """Begin again: it is this database that the store is to belong to."""
        self.store.forget_strangers()
        with self._lock:
            self._reported_at = self._found = None
            self._id = fields.to_native(binascii.hexlify(os.urandom(8)))

    def is_ours(self, portal, mark):
        """Tell whether a mark of a queue server is in our database."""
        # Not at import: it needs the ZODB
        from senaite.queue.auth import process_marks
        return process_marks.has(portal, mark)

    def _report(self, portal, joins):
        self.mark = self._get_mark(portal)
        if not self.mark:
            # Nobody can find what it cannot write
            return restores.JOINING if self.are_at_work() else None
        known = self.store.servers()
        self._first_seen = dict(
            (peer["id"], self._first_seen.get(peer["id"], peer["seen"]))
            for peer in known)
        gone = self._find_gone(known)
        has = self._judge(portal, known)
        before = dict((peer["id"], peer["standing"]) for peer in known)
        me = {"id": self._id, "mark": self.mark, "place": self._get_place()}
        found = self.store.attend(me, gone, has, joins)
        self._log(portal, before, found[1:])
        members = [peer for peer in found[1:]
                   if peer["standing"] == peers.MEMBER
                   and peers.is_alive(peer, found[0]["seen"], gone)]
        if found[0]["standing"] == peers.STRANGER or \
                peers.sees_another(self._find_reporting(members), has):
            result = restores.FOREIGN
        elif peers.sees_another(members, has) or \
                found[0]["standing"] == peers.GUEST and joins:
            result = restores.JOINING
        else:
            result = None
        if result == restores.FOREIGN and self._found != result:
            logger.error(
                "event=foreign_store site=%s mark=%s: %s. This queue server "
                "takes no tasks from it. Give it a store of its own "
                "(SENAITE_QUEUE_STORE), see 'Copy of a site' in the "
                "documentation", "/".join(portal.getPhysicalPath()), self.mark,
                restores.WORDS[result])
        elif result == restores.JOINING and self._found != result:
            logger.info("event=joining site=%s: %s",
                        "/".join(portal.getPhysicalPath()),
                        restores.WORDS[result])
        elif self._found == restores.FOREIGN and result is None:
            logger.info("event=store_accepted site=%s",
                        "/".join(portal.getPhysicalPath()))
        return result

    def _find_reporting(self, members):
        """Return those that have reported since this server has begun. Another
        one may have been killed just before, and its mark have been lost with
        a database that was restored."""
        return [peer for peer in members if peer["seen"]
                != self._first_seen.get(peer["id"], peer["seen"])]

    def _log(self, portal, before, others):
        for peer in others:
            if peer["standing"] == peers.STRANGER and \
                    before.get(peer["id"]) not in (None, peers.STRANGER):
                logger.error(
                    "event=stranger site=%s place=%s mark=%s: a queue server "
                    "that does not see the database of this one has opened "
                    "its task store, and gets nothing. If it belongs to a "
                    "copy of the site, give it a store of its own",
                    "/".join(portal.getPhysicalPath()), peer["place"],
                    peer["mark"])

    def _get_mark(self, portal):
        """Return the mark of this process; a new one when it is not in the
        database any more, because a backup was restored."""
        # Not at import: it needs the ZODB
        from senaite.queue.auth.membership import get_membership
        membership = get_membership(portal)
        try:
            mark = membership.get_mark()
            if mark and mark == self.mark and \
                    self._is_missed(portal, self._id, mark):
                membership.check_mark()
                mark = membership.get_mark()
        except (DatabaseClosed, SiteGone):
            # It is being closed, or the site has not been committed yet
            return ""
        return mark

    def _judge(self, portal, known):
        """Return whether the database has the marks of others, as far as that
        is sure: id -> bool."""
        has = {}
        for peer in known:
            if peer["id"] == self._id:
                continue
            if peer["mark"] in self._known or \
                    self.is_ours(portal, peer["mark"]):
                self._known.add(peer["mark"])
                self._missed.pop(peer["id"], None)
                has[peer["id"]] = True
            elif self._is_missed(portal, peer["id"], peer["mark"]):
                has[peer["id"]] = False
        return has

    def _is_missed(self, portal, peer_id, mark):
        """Tell whether a mark has not been there for a while."""
        # Not at import: it needs the ZODB
        from senaite.queue.site import connections
        if self.is_ours(portal, mark) or \
                not connections.is_connected(portal._p_jar.db()):
            self._missed.pop(peer_id, None)
            return False
        first = self._missed.setdefault(peer_id, self._clock())
        return self._clock() - first >= MISSED_SECONDS

    def _get_place(self):
        return self._place or get_place()

    def _find_gone(self, known):
        """Return the ids of servers that have ended, as far as this machine
        can tell."""
        machine, pid = _split(self._get_place())
        gone = set()
        for peer in known:
            if peer["id"] == self._id:
                continue
            there, other = _split(peer["place"])
            if machine and there == machine and (
                    other == pid or not _is_running(other)):
                gone.add(peer["id"])
        return gone


def get_place():
    """Return where this process runs: what tells a machine, since it was
    started, and a container from others, and the process id."""
    return "{}:{}".format(_get_machine(), os.getpid())


def _get_machine():
    try:
        with open(_BOOT_ID) as boot:
            return "{}:{}".format(
                boot.read().strip(), os.readlink(_PID_NAMESPACE))
    except (IOError, OSError):
        # Nobody can tell from afar that a process has ended
        return ""


def _split(place):
    machine, _colon, pid = place.rpartition(":")
    return machine, pid


def _is_running(pid):
    try:
        os.kill(int(pid), 0)
    except OSError as error:
        # That of another user may be hidden, and still be there
        return error.errno != errno.ESRCH
    return True
