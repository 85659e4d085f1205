# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""`make concurrency`: the same crowd with the queue and without it.

Eight users at each of two web clients, half of them on one worksheet, while
two others edit the same samples. Compares what they did with the result, and
counts the failed requests that a user saw.
"""

import argparse
import os
import statistics
import sys
import time

from harness import paths
from harness import ports
from harness.cluster import Cluster
from harness.counting import counting_cluster

from crash.crowd import Analyst
from crash.crowd import Editor
from crash.crowd import Person
from crash.crowd import make_samples

PEOPLE = 16
OTHERS = 4


class Round(object):
    """One run of the crowd, and its result."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.boss = Person(cluster.web, cluster.secrets)
        self.numbers = {}
        self.proof = []

    def look(self, uids):
        return self.boss.lims.post_json("queuetest_work", uids)

    def is_through(self, step, uids):
        found = self.look(uids).values()
        if step == "assign":
            return all(one["worksheet"] for one in found)
        return all("submit" in one["events"] for one in found)

    def run(self):
        lims = self.boss.lims
        samples, analyses = make_samples(lims, PEOPLE)
        sheets = [lims.create_worksheet("analyst1")
                  for _ in range(1 + OTHERS)]
        people = []
        for number, sample in enumerate(samples):
            # Every other user on the first worksheet, the rest spread
            sheet = sheets[0] if number % 2 else \
                sheets[1 + number // 2 % OTHERS]
            people.append(Analyst(
                self.cluster.webs[number // 8], self.cluster.secrets, sheet,
                analyses[sample], self.is_through))
        editors = [Editor(node, self.cluster.secrets, samples[half::2])
                   for half, node in enumerate(self.cluster.webs)]
        offsets = self.log_sizes()
        began = time.monotonic()
        for person in people + editors:
            person.start()
        for person in people:
            person.join()
        seconds = time.monotonic() - began
        for editor in editors:
            editor.over.set()
            editor.join()
        self.judge(people, editors, analyses, seconds, offsets)

    def log_sizes(self):
        return {node.log: os.path.getsize(node.log)
                for node in self.cluster.zopes}

    def count_conflicts(self, offsets):
        """Return the number of conflicts logged by the processes."""
        count = 0
        for path, offset in offsets.items():
            with open(path, errors="replace") as log:
                log.seek(offset)
                text = log.read()
            # A retry by Zope, an error that was shown, or one of a consumer
            count += text.count("onflictError") + \
                text.count("event=conflict ")
        return count

    def judge(self, people, editors, analyses, seconds, offsets):
        everybody = people + editors
        uids = [uid for each in analyses.values() for uid in each]
        found = self.look(uids)
        wrong = [uid for uid in uids if found[uid]["slots"] != 1
                 or found[uid]["events"].get("submit") != 1]
        lost = [entry for editor in editors
                for entry in editor.lost(self.boss.lims)]
        waits = sorted(one for person in people for one in person.seconds)
        failed = [one for person in everybody for one in person.failed]
        self.numbers = {
            "requests": sum(person.requests for person in everybody),
            "failed": len(failed),
            "edits": sum(editor.edits for editor in editors),
            "lost_updates": len(lost),
            "analyses": len(uids),
            "wrong": len(wrong),
            "conflicts_logged": self.count_conflicts(offsets),
            "seconds": round(seconds, 1),
            "median": round(statistics.median(waits), 2),
            "slowest": round(waits[-1], 2),
        }
        self.proof = failed[:5] + lost[:5] + [
            (uid, found[uid]) for uid in wrong[:5]]


def run(with_queue, say):
    """Run the crowd in a new cluster; return the figures."""
    free = ports.free_ports(6)
    options = {"web_ports": free[:2], "consumer_ports": free[2:4],
               "settings": {"default": 10 if with_queue else 0}}
    env = {}
    if not with_queue:
        # The default of SENAITE: ZServer retries no request
        env["SENAITE_QUEUE_CONFLICT_RETRIES"] = "off"
    with counting_cluster(kind=Cluster, env=env, say=say,
                          **options) as cluster:
        round_ = Round(cluster)
        round_.run()
        say("{}: {}".format(
            "with the queue" if with_queue else "without", " ".join(
                "{}={}".format(*pair) for pair in round_.numbers.items())))
        for proof in round_.proof:
            say("    {}".format(proof))
    return round_.numbers


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="make concurrency")
    parser.add_argument("--only", choices=("with", "without"), default=None)
    options = parser.parse_args(arguments)
    paths.require_build()

    def say(line):
        print(line, flush=True)

    status = 0
    if options.only != "without":
        numbers = run(True, say)
        if numbers["failed"] or numbers["lost_updates"] or numbers["wrong"]:
            status = 1
    if options.only != "with":
        run(False, say)
    return status


if __name__ == "__main__":
    sys.exit(main())
