# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""`make run`: a cluster, or a single process, to work with until Ctrl-C."""

import argparse
import os
import signal
import sys
import time

from harness import paths
from harness import ports
from harness.cluster import Cluster
from harness.events import Follower
from harness.events import describe
from harness.plain import Plain
from harness.process import ProcessDied
from harness.template import SetupFailed

HOME = os.path.join(paths.VAR, "run")

#: ZEO, queue server, web client, consumer; or one process that is all of
#: that, served by ZServer or by waitress
MODES = ("cluster", "standalone", "standalone-wsgi")

MEANINGS = {
    "cluster": "SENAITE's demo site on four processes (ZEO, queue server, web "
               "client, consumer)",
    "standalone": "SENAITE's demo site on one process",
    "standalone-wsgi": "SENAITE's demo site on one process, on waitress",
}

#: Who can log in
USERS = (
    ("labman1", "laboratory manager"),
    ("analyst1", "analyst"),
    ("labclerk1", "laboratory clerk"),
    ("ritamo", "contact of a client"),
    ("admin", "Zope administrator"),
)


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--zeo-port", type=int, default=8100)
    parser.add_argument("--web-port", type=int, default=8080)
    parser.add_argument("--server-port", type=int, default=8090)
    parser.add_argument("--consumer-port", type=int, default=8089)
    parser.add_argument("--mode", choices=MODES, default=MODES[0],
                        help="what to start (%(default)s)")
    parser.add_argument("--home", default=None,
                        help="directory that keeps the site (default: {} and "
                        "the mode)".format(os.path.relpath(HOME)))
    options = parser.parse_args(arguments)
    if options.home is None:
        options.home = HOME if options.mode == MODES[0] \
            else "{}-{}".format(HOME, options.mode)
    return options


def require_ports(options):
    """Raise when one of the ports is taken, before anything starts."""
    ports.require_free(options.web_port, "web client", "WEB_PORT")
    if options.mode != MODES[0]:
        return
    ports.require_free(options.zeo_port, "ZEO server", "ZEO_PORT")
    ports.require_free(options.server_port, "queue server", "SERVER_PORT")
    ports.require_free(options.consumer_port, "consumer", "CONSUMER_PORT")


def show_addresses(cluster):
    """Print where things are and who may log in."""
    print("\nSENAITE         {}".format(cluster.web.url))
    print("The queue       {}/queue_tasks".format(cluster.web.url))
    if cluster.server is not cluster.web:
        print("Queue server    {}".format(cluster.server.url))
        print("Consumer        {}".format(cluster.consumer.url))
    print("Logs            {}\n".format(os.path.relpath(cluster.home)))
    for name, who in USERS:
        print("  {:<10} {:<18} {}".format(name, cluster.secrets[name], who))
    print("\nWhat the queue does shows here. Ctrl-C stops everything.\n",
          flush=True)


def watch(cluster):
    """Wait for Ctrl-C; complain when a process dies meanwhile.

    :raises KeyboardInterrupt: at Ctrl-C
    :raises ProcessDied: when one of the cluster's processes has ended
    """
    while True:
        time.sleep(1)
        for node in [cluster.zeo] + cluster.zopes:
            if node is not None:
                node.process.check()


def serve(cluster, mode=MODES[0]):
    """Run a cluster until it is stopped.

    :param mode: one of `MODES`, to tell what is started
    """
    colours = sys.stdout.isatty()
    print("make run: {}, kept in {}. Takes {} until you can log in."
          .format(MEANINGS[mode], os.path.relpath(cluster.home),
                  "about 30 seconds" if os.path.exists(cluster.path(
                      "filestorage", "Data.fs")) else "about 2 minutes"),
          flush=True)
    print("Preparing the site and starting its processes ...", flush=True)
    try:
        cluster.start()
        show_addresses(cluster)
        follower = Follower(cluster.server.log, lambda event: print(
            describe(event, colours), flush=True))
        follower.start()
        watch(cluster)
    finally:
        print("\nStopping ...", flush=True)
        cluster.stop()


def make_cluster(options):
    """Return what the options ask for, not yet started."""
    if options.mode != MODES[0]:
        return Plain(wsgi=options.mode == MODES[2], port=options.web_port,
                     home=options.home, say=print)
    return Cluster(
        home=options.home, zeo_port=options.zeo_port,
        web_ports=[options.web_port], server_port=options.server_port,
        consumer_ports=[options.consumer_port], say=print)


def main(arguments=None):
    options = parse_arguments(arguments)
    # A SIGTERM ends it as Ctrl-C does
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # A shell has what it starts in the background ignore it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        require_ports(options)
        serve(make_cluster(options), options.mode)
    except (ports.PortTaken, ProcessDied, SetupFailed) as error:
        print("\nmake run: {}".format(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Everything is stopped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
