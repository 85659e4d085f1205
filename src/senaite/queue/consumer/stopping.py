# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A planned stop of this process: chunks end in time, or are handed back.

* ZServer asks all its sockets, on SIGTERM, whether it may shut down: a guard
  among them says no until the consumers have ended, see `Guard`.
* A WSGI process dies of SIGTERM without a word, unless somebody handles it;
  here it exits, so that `at_exit` is called.
* `queue-consumer` calls `stop` itself.

What could not be handed back, because the queue server was away, is noted in a
file, and told when the process starts again.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import atexit
import json
import os
import signal
import sys
import threading

from senaite.queue import config
from senaite.queue.consumer import identity
from senaite.queue import logger
from senaite.queue.model import clock

#: Seconds that a commit which is under way gets, beyond the grace
COMMIT_SECONDS = 5

#: Seconds that the last report of an attempt takes, at most
REPORT_SECONDS = 1

LOOK_SECONDS = 0.02

#: Consumers that are noted at most: one for each site of a process
MOST_NOTED = 100

#: What follows the path of the process' own files
NOTE = "senaite-queue-stopped.json"

_guards = {}
_lock = threading.Lock()


def get_grace():
    """Return how many seconds chunks of this process get to end."""
    return config.read_or_default(config.STOP_SECONDS)


def stop(consumers, grace):
    """Let the consumers of a process end, all within one grace time.

    :param consumers: list of senaite.queue.consumer.loop.Consumer
    :param grace: seconds that the chunks get to end by themselves. Those that
        do not are handed back; their work is not committed any more
    """
    deadline = clock.monotonic() + grace
    for consumer in consumers:
        consumer.stop()
    for consumer in consumers:
        _await_end(consumer, deadline)
    held = []
    for consumer in consumers:
        attempt = consumer.attempt
        if attempt is not None and not attempt.hand_back(COMMIT_SECONDS):
            held.append(consumer.consumer_id)
    if held:
        note_stopped(held)


def _await_end(consumer, deadline):
    """Wait until a consumer has ended, or its chunk has: when ZServer does not
    serve any more, its answer does not arrive."""
    ended = None
    while clock.monotonic() < deadline:
        if consumer.ended.wait(LOOK_SECONDS):
            return
        attempt = consumer.attempt
        if attempt is None or not attempt.has_ended():
            ended = None
        elif ended is None:
            ended = clock.monotonic()
        elif clock.monotonic() - ended > REPORT_SECONDS:
            return


def note_stopped(consumer_ids):
    """Note for the next process with these files which consumers were stopped
    without having been able to hand back their tasks."""
    try:
        with _lock:
            noted = sorted(set(get_stopped() + consumer_ids))
            with open(_note_path(), "w") as target:
                json.dump(noted[-MOST_NOTED:], target)
    except EnvironmentError as error:
        logger.warning("event=stop_not_noted reason=%s", error)


def get_stopped():
    """Return the ids that the former process has noted; see `note_stopped`."""
    try:
        with open(_note_path()) as source:
            found = json.load(source)
    except (EnvironmentError, ValueError):
        return []
    return [str(one) for one in found] if isinstance(found, list) else []


def forget_stopped():
    """Remove the note: the queue server has been told."""
    try:
        os.remove(_note_path())
    except OSError:
        # there is none
        pass


def _note_path():
    path = identity.instance_path()
    return os.path.join(path, NOTE) if os.path.isdir(path) \
        else "{}.{}".format(path, NOTE)


class Guard(object):
    """Keeps ZServer from shutting down before the consumers have ended.

    ZServer calls `clean_shutdown_control` of each socket in asyncore's map. On
    SIGTERM it gives a phase of the shutdown one second, which is not enough.
    """

    def __init__(self, get_consumers):
        """
        :param get_consumers: function that returns the consumers of the process
        """
        self._get_consumers = get_consumers
        self._thread = None
        self._former = None
        # a place in the map
        self._pipe = os.pipe()
        sys.modules["asyncore"].socket_map[self._pipe[0]] = self

    def readable(self):
        """There is nothing to read."""
        return False

    writable = readable

    def handle_error(self):
        """Log what went wrong; called by asyncore."""
        logger.exception("event=stop_failed")

    def clean_shutdown_control(self, phase, time_in_this_phase):
        """Tell ZServer whether to wait; it goes on serving meanwhile.

        :param phase: from 1 to 3
        :param time_in_this_phase: seconds
        """
        lifetime = sys.modules["Lifetime"]
        if self._thread is None:
            grace = get_grace()
            self._former = lifetime._shutdown_timeout
            lifetime._shutdown_timeout = max(
                self._former, grace + 2 * COMMIT_SECONDS)
            self._thread = threading.Thread(
                target=stop, args=(self._get_consumers(), grace),
                name="senaite.queue stop")
            self._thread.daemon = True
            self._thread.start()
        if self._thread.is_alive():
            return True
        if self._former is not None:
            lifetime._shutdown_timeout, self._former = self._former, None
        return False


def watch_shutdown(get_consumers):
    """Let the consumers of this process end when it is stopped; may be called
    again.

    :param get_consumers: function that returns the consumers of the process
    """
    with _lock:
        if os.getpid() in _guards:
            return
        guard = Guard(get_consumers) if "Lifetime" in sys.modules else None
        _guards[os.getpid()] = guard
        atexit.register(_at_exit, os.getpid(), get_consumers)


def _at_exit(pid, get_consumers):
    """End what still runs. Its process may be gone, with its lock, so nothing
    is waited for in a fork of it."""
    busy = [consumer for consumer in get_consumers()
            if consumer.attempt is not None
            and not consumer.attempt.is_handed_back]
    if busy and os.getpid() == pid:
        stop(busy, get_grace())


def on_process_starting(event):
    """Exit on SIGTERM where the process would die of it. ZServer has a handler
    of its own, and may set it after us.

    :param event: zope.processlifetime.IProcessStarting
    """
    try:
        if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _exit)
    except ValueError:
        # Only the main thread may; a program that starts Zope elsewhere handles
        # signals itself
        pass


def _exit(number, frame):
    raise SystemExit(0)
