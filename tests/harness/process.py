# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Child processes that never outlive us.

Each child leads a process group of its own, so that Ctrl-C reaches only the
harness, which then stops them in order. The kernel kills them when the
harness itself is killed (Linux; elsewhere `atexit` has to do).
"""

import atexit
import ctypes
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

#: Seconds a process gets to end by itself after a SIGTERM
GRACE = 20.0

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
_children = []
#: Linux ends a child with the thread that started it, not with our process:
#: this thread lives as long as we do
_parent = ThreadPoolExecutor(1)


def _in_child():
    os.setsid()
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class ProcessDied(Exception):
    """A process ended while it was needed; the message shows its last words."""


class Process(object):
    """One child process with its log file."""

    def __init__(self, name, command, log, env=None, cwd=None):
        """
        :param name: for people, e.g. "queue server"
        :param command: list of str
        :param log: path of the file that gets standard output and error
        :param env: environment variables on top of our own
        """
        self.name = name
        self.command = command
        self.log = log
        self.env = dict(env or {})
        self.cwd = cwd
        self.popen = None

    @property
    def is_running(self):
        return self.popen is not None and self.popen.poll() is None

    @property
    def pid(self):
        return self.popen.pid if self.popen else None

    def start(self):
        """Start the process; does not wait until it is ready."""
        environment = dict(os.environ)
        environment.update(self.env)
        with open(self.log, "ab") as log:
            self.popen = _parent.submit(
                subprocess.Popen, self.command, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, env=environment,
                cwd=self.cwd, preexec_fn=_in_child).result()
        _children.append(self)

    def check(self):
        """Raise when the process has ended.

        :raises ProcessDied: with the end of its log
        """
        if not self.is_running:
            raise ProcessDied("The {} ended with status {}. Its last words, "
                              "in {}:\n{}".format(
                                  self.name, self.popen and
                                  self.popen.returncode, self.log,
                                  self.tail()))

    def tail(self, lines=25):
        """Return the end of the log."""
        try:
            with open(self.log, errors="replace") as log:
                return "".join(log.readlines()[-lines:])
        except OSError:
            return ""

    def signal(self, number):
        """Send a signal to the process and all that it started."""
        if self.popen is None:
            return
        try:
            os.killpg(self.popen.pid, number)
        except ProcessLookupError:
            pass

    def kill(self):
        """End it as a power cut would: at once, without a chance to tidy."""
        self.signal(signal.SIGKILL)
        self._reap(GRACE)

    def stop(self):
        """Ask it to end; kill it when it does not within `GRACE`."""
        self.request_stop()
        self.await_stop()

    def request_stop(self):
        """Ask it to end, and return at once."""
        if self.is_running:
            self.signal(signal.SIGTERM)

    def await_stop(self):
        """Wait until it has ended; kill what is left of its group."""
        if self.popen is None:
            return
        self._reap(GRACE)
        self.signal(signal.SIGKILL)
        self._reap(GRACE)
        if self in _children:
            _children.remove(self)

    def _reap(self, seconds):
        limit = time.monotonic() + seconds
        while self.popen.poll() is None and time.monotonic() < limit:
            time.sleep(0.05)


@atexit.register
def kill_all():
    """Kill whatever is still running, at the end of the harness."""
    for process in list(_children):
        process.kill()
        _children.remove(process)
