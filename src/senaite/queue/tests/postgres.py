# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A PostgreSQL server for the tests, in a temporary directory.

Uses only the standard library, so that the harness of the clusters can share
it. PostgreSQL refuses to run as root; root runs it as the user that Debian's
package creates.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import atexit
import ctypes
import glob
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HOST = "127.0.0.1"
USER = "queue"

#: Directories where Debian and others install it
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin",
          "/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin")
PROGRAMS = ("initdb", "postgres", "pg_isready", "createdb")

#: Seconds to wait for the server to answer
PATIENCE = 60

#: Options that make it fast; `durable` servers do without
_HASTE = ("-F", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")

# The kernel kills the server when its tests are killed (Linux)
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None

_numbers = itertools.count(1)
_servers = []


def find_binaries():
    """Return the directory of PostgreSQL's programs, or None."""
    for place in PLACES:
        for path in sorted(glob.glob(place), reverse=True):
            if all(os.path.exists(os.path.join(path, program))
                   for program in PROGRAMS):
                return path
    return None


def find_account():
    """Return the account (uid, gid) that runs the server; None for our own.

    :raises LookupError: when we are root and there is no other account
    """
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return (found.pw_uid, found.pw_gid)
    raise LookupError("no user 'postgres' or 'nobody'")


def why_not():
    """Return why PostgreSQL is not available here, or None if it is."""
    if find_binaries() is None:
        return "PostgreSQL is not installed (apt-get install postgresql)"
    try:
        find_account()
    except LookupError as error:
        return "PostgreSQL does not run as root, and there is {}".format(
            error)
    try:
        __import__("psycopg2")
    except ImportError:
        return "psycopg2 is not installed (senaite.queue[postgresql])"
    return None


class Server(object):
    """One PostgreSQL server, started on creation and stopped at exit."""

    def __init__(self, durable=False):
        """
        :param durable: whether commits reach the disk, as in production
        """
        self.durable = durable
        self.binaries = find_binaries()
        self.account = find_account()
        self.directory = tempfile.mkdtemp(prefix="queue-pg-")
        self.data = os.path.join(self.directory, "data")
        self.port = _free_port()
        self.process = None
        if self.account:
            os.chown(self.directory, *self.account)
        atexit.register(self.remove)
        self._run("initdb", "-D", self.data, "-U", USER, "-A", "trust",
                  "-E", "UTF8", "--no-sync", "--locale=C.UTF-8")
        self.start()

    def start(self):
        """Start the server, and wait until it answers."""
        command = [os.path.join(self.binaries, "postgres"), "-D", self.data,
                   "-p", str(self.port), "-k", self.directory, "-c",
                   "listen_addresses=" + HOST, "-c", "max_connections=200"]
        if not self.durable:
            command.extend(_HASTE)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT,
                cwd=self.directory, preexec_fn=self._in_child)
        limit = time.time() + PATIENCE
        while self._run("pg_isready", "-q", "-h", HOST, "-p", str(self.port),
                        check=False):
            if self.process.poll() is not None or time.time() > limit:
                raise RuntimeError("PostgreSQL does not start:\n" +
                                   self._tail())
            time.sleep(0.05)

    def kill(self):
        """Stop the server abruptly, as a power cut would."""
        self._end(signal.SIGQUIT)

    def remove(self):
        """Stop the server and remove its files."""
        self._end(signal.SIGQUIT)
        shutil.rmtree(self.directory, ignore_errors=True)

    def create_database(self):
        """Create an empty database; return its URL."""
        name = "queue{}".format(next(_numbers))
        self._run("createdb", "-h", HOST, "-p", str(self.port), "-U", USER,
                  "-T", "template0", name)
        return "postgresql://{}@{}:{}/{}".format(USER, HOST, self.port, name)

    @property
    def log(self):
        return os.path.join(self.directory, "log")

    def _end(self, number):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait()
        self.process = None

    def _in_child(self):
        os.setsid()
        if self.account:
            os.setgroups([])
            os.setgid(self.account[1])
            os.setuid(self.account[0])
        # Last, because a change of the user would reset it
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)

    def _run(self, name, *arguments, **options):
        command = [os.path.join(self.binaries, name)] + list(arguments)
        with open(self.log, "ab") as log:
            status = subprocess.call(
                command, stdout=log, stderr=subprocess.STDOUT,
                cwd=self.directory, preexec_fn=self._in_child)
        if status and options.get("check", True):
            raise RuntimeError("{} ended with {}:\n{}".format(
                name, status, self._tail()))
        return status

    def _tail(self):
        with open(self.log, "rb") as log:
            return log.read()[-3000:].decode("utf-8", "replace")


def get_server():
    """Return the server shared by all tests of this process."""
    if not _servers:
        _servers.append(Server())
    return _servers[0]


def _free_port():
    with_socket = socket.socket()
    try:
        with_socket.bind((HOST, 0))
        return with_socket.getsockname()[1]
    finally:
        with_socket.close()
