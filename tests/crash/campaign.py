# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""`make crashtest`: load, kills, audit, and a summary in the last line."""

import argparse
import os
import random
import sys
import time

from harness import paths

from crash.audit import Audit
from crash.bench import BenchWorker
from crash.cluster import fire_cluster
from crash.killer import Killer
from crash.load import Backlog
from crash.load import CountingClicker

#: Number of clicks to be answered before the next strike, so that there is
#: something to lose, and the maximum seconds to wait for them
ANSWERED = 2
LONGEST_PAUSE = 20

#: Minimum and maximum seconds of the further pause
PAUSE = (0.1, 1.5)

#: Containers of the demo data that get tasks: each is a lane of its own
PLACES = ("", "worksheets", "clients", "samples", "setup", "methods")


class Campaign(object):
    """One cluster, from its start to the audit."""

    def __init__(self, cluster, seed, say, ways=None, with_bench=True):
        self.cluster = cluster
        self.say = say
        self.random = random.Random(seed)
        self.killer = Killer(cluster, self.random.random(), say, ways)
        self.backlog = Backlog(cluster)
        self.clickers = [
            CountingClicker(
                cluster, self.random.random(), PLACES, self.backlog)
            for _ in range(2)]
        self.bench = None
        if with_bench:
            self.bench = BenchWorker(cluster, self.random.random())
        self.audit = Audit(cluster, say)
        self.before = self.after = self.packed = None
        self.began = time.monotonic()

    @property
    def people(self):
        return self.clickers + ([self.bench] if self.bench else [])

    def run(self, kills, minutes=None):
        """Strike N times, then audit.

        :param kills: number of processes and connections to strike
        :param minutes: end after this many minutes at the latest; None: only
            after all kills
        """
        self.before = self.audit.sizes()
        for thread in [self.backlog] + self.people:
            thread.start()
        limit = time.monotonic() + minutes * 60 if minutes else None
        while self.killer.kills < kills:
            if limit and time.monotonic() > limit:
                break
            self.killer.strike()
            self.pause()
        self.say("Healing; no new work is started ...")
        for person in self.people:
            person.over.set()
        self.killer.heal()
        for person in self.people:
            person.finish()
        self.backlog.over.set()
        self.conclude()

    @property
    def answered(self):
        return sum(person.clicks - person.unanswered
                   for person in self.clickers)

    def pause(self):
        """Let users work before the next strike, unless there is more than
        enough to lose."""
        before, limit = self.answered, time.monotonic() + LONGEST_PAUSE
        while self.answered - before < ANSWERED \
                and self.backlog.room.is_set() and time.monotonic() < limit:
            time.sleep(0.1)
        time.sleep(self.random.uniform(*PAUSE))

    def conclude(self):
        """Drain the queue and compare."""
        audit = self.audit
        self.say("Draining ...")
        audit.drain()
        self.say("Comparing item by item ...")
        audit.compare_counts()
        audit.compare_holders()
        if self.bench:
            audit.compare_work(self.bench)
        audit.look_for_ghosts()
        self.after = audit.sizes()
        self.packed = audit.pack()

    # -- reporting -----------------------------------------------------------

    def report(self):
        """Print the findings."""
        say, audit = self.say, self.audit
        for name, proofs in audit.wrong.items():
            for proof in proofs[:20]:
                say("{}: {}".format(name.upper(), " ".join(map(str, proof))))
        say("strikes: " + " ".join(
            "{}={}".format(*pair) for pair in
            sorted(self.killer.counts.items())))
        say("clicks: {} ({} got no answer), items: {}, waiting at most: {}, "
            "{:.0f} s".format(
                sum(person.clicks for person in self.people),
                sum(person.unanswered for person in self.people), audit.items,
                self.backlog.most, time.monotonic() - self.began))
        say("Data.fs: {} -> {} bytes, {} when packed; outbox: {} entries "
            "({} pending); ledger: {} records; store: {} bytes".format(
                self.before["database"], self.after["database"], self.packed,
                self.after["outbox"], self.after["pending"],
                self.after["ledger"], self.after["store"]))
        say(self.last_line())

    def last_line(self):
        return "kills={} tasks={} {}{}".format(
            self.killer.kills, self.audit.tasks, " ".join(
                "{}={}".format(name, len(proofs))
                for name, proofs in self.audit.wrong.items()),
            "" if "clock" in self.killer.ways else " clock=missing")


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="make crashtest")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--minutes", type=float, default=None)
    parser.add_argument("--plant", default=None,
                        help="a fault to plant, see tests/addon")
    options = parser.parse_args(arguments)
    seed = options.seed
    if seed is None:
        seed = random.randrange(100000)
    paths.require_build()

    def say(line):
        print(line, flush=True)

    say("seed={} kills={}{}".format(
        seed, options.kills,
        " planted={}".format(options.plant) if options.plant else ""))
    with fire_cluster(say, options.plant) as cluster:
        campaign = Campaign(cluster, seed, say)
        campaign.run(options.kills, options.minutes)
        campaign.report()
        if not campaign.audit.is_clean:
            keep_logs(cluster, say)
    return 0 if campaign.audit.is_clean else 1


def keep_logs(cluster, say):
    """Keep the log files of all processes, for the analysis of faults."""
    cluster.keeps_files = True
    say("The logs are kept in " + os.path.relpath(cluster.home, paths.ROOT))


if __name__ == "__main__":
    sys.exit(main())
