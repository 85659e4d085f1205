# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""`make soak MINUTES=20`: full load for a while, and its effect on processes:
memory, open files, threads, response times.

Users click without a pause while there is room in the queue (`Backlog`):
consumers never run out of work, and the rest can be drained in the end.
"""

import argparse
import os
import statistics
import sys
import threading
import time

from harness import paths
from harness import ports
from harness.cluster import Cluster
from harness.counting import counting_cluster

from crash.audit import Audit
from crash.bench import BenchWorker
from crash.load import Backlog
from crash.load import CountingClicker

#: Seconds between two measurements of the processes
LOOK = 5

PLACES = ("", "worksheets", "clients", "samples", "setup", "methods")


class TimedClicker(CountingClicker):
    """Clicks without a pause, and records how long each answer took."""

    pause = (0.0, 0.1)

    def __init__(self, cluster, seed, places, backlog):
        super(TimedClicker, self).__init__(cluster, seed, places, backlog)
        self.times = []
        self.errors = []

    def click(self):
        began = time.monotonic()
        before = self.unanswered
        super(TimedClicker, self).click()
        self.times.append((began, time.monotonic() - began))
        if self.unanswered > before:
            self.errors.append(began)


class Gauge(threading.Thread):
    """Measures the processes every few seconds (Linux)."""

    def __init__(self, nodes):
        super(Gauge, self).__init__(daemon=True)
        self.nodes = nodes
        self.over = threading.Event()
        self.looks = []

    def run(self):
        while not self.over.wait(LOOK):
            self.looks.append((time.monotonic(), {
                node.name: measure(node.process.pid) for node in self.nodes}))

    def quarter(self, name, what, last):
        """Return the mean of a measure in the first or last quarter."""
        size = max(1, len(self.looks) // 4)
        looks = self.looks[-size:] if last else self.looks[:size]
        return statistics.mean(look[name][what] for _at, look in looks)


def measure(pid):
    """Return memory (MB), open files and threads of a process."""
    found = {"files": len(os.listdir("/proc/{}/fd".format(pid)))}
    with open("/proc/{}/status".format(pid)) as status:
        for line in status:
            name, _colon, value = line.partition(":")
            if name == "VmRSS":
                found["MB"] = int(value.split()[0]) / 1024
            elif name == "Threads":
                found["threads"] = int(value)
    return found


def run(minutes, clickers, say):
    """Soak a cluster; return 0 when nothing was lost, doubled or stuck."""
    free = ports.free_ports(4)
    with counting_cluster(kind=Cluster, say=say, web_ports=free[:2],
                          consumer_ports=free[2:]) as cluster:
        backlog = Backlog(cluster)
        people = [TimedClicker(cluster, seed, PLACES, backlog)
                  for seed in range(clickers)]
        bench = BenchWorker(cluster, 99)
        gauge = Gauge([cluster.zeo] + cluster.zopes)
        began = time.monotonic()
        for thread in people + [bench, gauge, backlog]:
            thread.start()
        time.sleep(minutes * 60)
        for person in people + [bench]:
            person.over.set()
        seconds = time.monotonic() - began
        gauge.over.set()
        backlog.over.set()
        tell(say, people, gauge, began, seconds)
        say("waiting at most: {} tasks".format(backlog.most))
        for person in people + [bench]:
            person.finish()
        audit = conclude(cluster, bench, say)
        say("minutes={} clicks={} failed={} tasks={} {}".format(
            minutes, sum(len(person.times) for person in people),
            sum(len(person.errors) for person in people), audit.tasks,
            " ".join("{}={}".format(name, len(proofs))
                     for name, proofs in audit.wrong.items())))
        return 0 if audit.is_clean else 1


def conclude(cluster, bench, say):
    """Drain and compare, as after a crash campaign; return the audit."""
    audit = Audit(cluster, say)
    audit.drain()
    audit.compare_counts()
    audit.compare_work(bench)
    audit.look_for_ghosts()
    for name, proofs in audit.wrong.items():
        for proof in proofs[:10]:
            say("{}: {}".format(name, proof))
    say("kept: {}".format(audit.sizes()))
    return audit


def tell(say, people, gauge, began, seconds):
    """Print the first and the last quarter side by side."""
    for node in gauge.nodes:
        say("{:<12} ".format(node.name) + "  ".join(
            "{} {:.0f} -> {:.0f}".format(
                what, gauge.quarter(node.name, what, False),
                gauge.quarter(node.name, what, True))
            for what in ("MB", "files", "threads")))
    times = [each for person in people for each in person.times]
    for title, low, high in (("first", 0, 0.25), ("last", 0.75, 1.0)):
        part = sorted(took for at, took in times
                      if low <= (at - began) / seconds < high)
        if not part:
            say("answers, {} quarter: none".format(title))
            continue
        say("answers, {} quarter: {} clicks, median {:.3f} s, "
            "95 % below {:.3f} s".format(
                title, len(part), statistics.median(part),
                part[int(len(part) * 0.95)]))


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--clickers", type=int, default=4)
    options = parser.parse_args(arguments)
    paths.require_build()
    return run(options.minutes, options.clickers,
               lambda line: print(line, flush=True))


if __name__ == "__main__":
    sys.exit(main())
