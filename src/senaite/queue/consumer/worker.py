# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""`queue-consumer`: a consumer as a process of its own, without HTTP server.

For sites served by WSGI, which has no clock-server, and for sites that keep
the work apart from the pages. systemd or supervisor keeps it running:

    queue-consumer -C /path/to/zope.conf

It opens the database of that zope.conf (a ZEO client's), processes the tasks
of all sites in it that have the add-on, and logs to standard output. On SIGTERM
or SIGINT it finishes the current chunk and leaves the rest to other consumers;
a chunk that does not end in time is handed back uncommitted. Neither costs
the task anything. Several processes
may share one zope.conf.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import argparse
import logging
import os
import signal
import sys

from senaite.queue.client import agent as agents
from senaite.queue import config
from senaite.queue.consumer import identity
from senaite.queue.consumer.lease import leases
from senaite.queue.consumer import loop as consumers
from senaite.queue.consumer import stopping
from senaite.queue.http import inprocess
from senaite.queue import logger
from senaite.queue.site import connections
from senaite.queue.site.waiting import SignalFlag

#: Seconds between two searches for sites that have the add-on
LOOK_SECONDS = 15

#: Seconds that a chunk has to end by itself; less than systemd's 90
GRACE_SECONDS = 60

#: Maximum number of processes that share one zope.conf
MOST_PROCESSES = 64

LOG_FORMAT = "%(asctime)s %(levelname)s [%(name)s] %(message)s"


def parse_arguments(arguments):
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="queue-consumer", description="Takes tasks from the queue of "
        "SENAITE and processes them, until SIGTERM.")
    parser.add_argument(
        "-C", "--configure", metavar="ZOPE.CONF", required=True,
        help="configuration of a ZEO client, with or without ZServer")
    parser.add_argument(
        "--grace", type=float, default=GRACE_SECONDS, metavar="SECONDS",
        help="how long a chunk may still take after SIGTERM (%(default)s)")
    parser.add_argument(
        "--debug", action="store_true", help="log more")
    return parser.parse_args(arguments)


class Worker(object):
    """The consumers of all sites in this process."""

    def __init__(self, db, grace=GRACE_SECONDS):
        """
        :param db: ZODB.DB.DB
        :param grace: seconds that a chunk gets to end by itself
        """
        self.db = db
        self.grace = grace
        self.stopping = SignalFlag()
        self._consumers = {}
        self._complained = False

    def request_stop(self, number=None, frame=None):
        """Let `run` return (a signal handler: takes no lock)."""
        self.stopping.set()

    def run(self):
        """Work until `request_stop` is called."""
        while not self.stopping.is_set():
            try:
                self.start_consumers()
            except Exception as error:
                if not connections.is_open(self.db):
                    raise
                # ZEO is away, most likely; it comes back
                logger.warning("event=worker_waits reason=%s: %s",
                               type(error).__name__, error)
            self.stopping.wait(LOOK_SECONDS)
        self.stop()

    def start_consumers(self):
        """Start a consumer for each site with the add-on."""
        from senaite.queue.client.startup import find_sites
        import transaction
        manager = transaction.TransactionManager()
        connection = self.db.open(transaction_manager=manager)
        try:
            app = connection.root()["Application"]
            found = dict((connections.Site.of(portal).key, portal)
                         for portal in find_sites(app))
            for key, portal in found.items():
                self._start(key, portal)
        finally:
            manager.abort()
            connection.close()
        if not found and not self._complained:
            logger.warning("event=worker_waits reason=no site has the add-on")
        self._complained = not found

    def _start(self, key, portal):
        # the consumer of this process: a site has only one
        consumers.ensure(portal)
        self._consumers[key] = consumers.get_consumer(connections.Site.of(portal))

    def stop(self):
        """Finish the current chunks; hand back those that do not end in time."""
        logger.info("event=worker_stopping held=%s", len(leases))
        stopping.stop(
            [found for found in self._consumers.values() if found],
            self.grace)
        agents.stop_all()
        logger.info("event=worker_stopped")


def configure(path):
    """Start Zope with a configuration, without any server.

    :param path: zope.conf
    :raises SystemExit: when it cannot be used; says why
    """
    from ZConfig import ConfigurationError
    from zope.event import notify
    from zope.processlifetime import ProcessStarting
    # Zope's options read the command line, ours is not theirs
    del sys.argv[1:]
    try:
        from Zope2.Startup.run import configure_wsgi
        configure_wsgi(path).prepare()
        return
    except ConfigurationError as error:
        reason = error
    try:
        from ZServer.Zope2.Startup.run import configure as configure_zserver
    except ImportError:
        raise SystemExit("queue-consumer: {}".format(reason))
    try:
        starter = configure_zserver(path)
    except ConfigurationError as error:
        raise SystemExit("queue-consumer: {}".format(error))
    starter.startZope()
    notify(ProcessStarting())


def require_configuration():
    """Refuse to start with a wrong environment or product configuration.

    Unlike a Zope process, this one has nothing else to do.

    :raises SystemExit: names each wrong value and what is allowed
    """
    errors = config.get_errors()
    if errors:
        raise SystemExit("\n".join(
            "queue-consumer: not started: {}".format(error.problem)
            for error in errors))


def take_place(home):
    """Take a name that no other process with this zope.conf has.

    :param home: directory of the process' own files
    :returns: the lock, to be kept until the process ends
    :raises SystemExit: when all are taken
    """
    from zc.lockfile import LockError
    from zc.lockfile import LockFile
    for number in range(1, MOST_PROCESSES + 1):
        path = os.path.join(home, "queue-consumer-{}.lock".format(number))
        try:
            lock = LockFile(path)
        except LockError:
            continue
        identity.set_place(path)
        return lock
    raise SystemExit("queue-consumer: {} processes use {} already".format(
        MOST_PROCESSES, home))


def main(arguments=None):
    """The console script."""
    options = parse_arguments(arguments)
    if not os.path.isfile(options.configure):
        raise SystemExit("queue-consumer: there is no file {}".format(
            options.configure))
    # before Zope, which starts the agents
    require_configuration()
    logging.basicConfig(
        stream=sys.stdout, format=LOG_FORMAT,
        level=logging.DEBUG if options.debug else logging.INFO)
    inprocess.prefer()
    configure(os.path.abspath(options.configure))
    # once more, with what zope.conf says
    require_configuration()

    import Zope2
    logging.getLogger("txn").setLevel(logging.WARNING)
    lock = take_place(identity.instance_path())
    worker = Worker(Zope2.DB, options.grace)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, worker.request_stop)
    try:
        worker.run()
        if leases.strays():
            # Their work was handed back. To close the database would only have
            # them fail with errors that are nobody's fault
            leave()
    finally:
        Zope2.DB.close()
        lock.close()
    sys.stdout.flush()


def leave(status=0):
    """End the process at once, whatever its threads are doing.

    :param status: exit status
    """
    logging.shutdown()
    sys.stdout.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
