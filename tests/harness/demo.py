# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""`make demo`: 60 analyses assigned and submitted through the queue.

Starts a cluster of its own on free ports, works as a laboratory manager
would, shows what happened, stops everything. Exit status 0 only if every
analysis, sample and worksheet is in the state it should be in.
"""

import signal
import sys

from harness.cluster import Cluster
from harness.lab import Lab
from harness.lims import Lims
from harness.lims import LimsError
from harness.process import ProcessDied
from harness.progress import Bar
from harness.scenario import Stalled
from harness.scenario import Watcher
from harness.scenario import press_and_follow
from harness.template import SetupFailed

SAMPLES = 12
ANALYSES = 60
USER = "labman1"
ANALYST = "analyst1"


def prepare(lab):
    """Return received samples and an empty worksheet."""
    bar = Bar("Samples", SAMPLES)
    samples = lab.create_samples(SAMPLES, bar.show)
    bar.close()
    return samples, lab.lims.create_worksheet(ANALYST)


def assign(cluster, lab, watcher, worksheet, samples):
    """Select all analyses in "Add analyses" and press "Assign"."""
    listing, uids = lab.open_for(worksheet, samples)
    if len(uids) != ANALYSES:
        raise LimsError("Add analyses shows {} analyses of our samples, "
                        "not {}".format(len(uids), ANALYSES))
    return press_and_follow(
        cluster, watcher, "Assigning", listing, "assign", uids,
        lab.worksheet(worksheet)["uid"],
        lambda: sum(lab.states(worksheet).values()))


def submit(cluster, lab, watcher, worksheet):
    """Type a result for each analysis, select all and press "Submit"."""
    listing, rows = lab.lims.results(worksheet)
    values = {row["uid"]: {"Result": "{:.1f}".format(10 + number / 10)}
              for number, row in enumerate(rows)}
    print("Typing {} results ...".format(len(values)), flush=True)
    return press_and_follow(
        cluster, watcher, "Submitting", listing, "submit", list(values),
        lab.worksheet(worksheet)["uid"],
        lambda: lab.states(worksheet).get("to_be_verified", 0),
        values=values)


def show(steps):
    """Print the table of what happened."""
    def seconds(value):
        return "-" if value is None else "{:.2f} s".format(value)

    lines = [
        ("click answered after", lambda step: seconds(step.first_answer)),
        ("  of them done by then", lambda step: step.done_at_answer),
        ("last row answered after", lambda step: seconds(step.click)),
        ("first chunk done after", lambda step: seconds(step.first_chunk)),
        ("all done after", lambda step: seconds(step.end)),
        ("chunks", lambda step: step.chunks),
        ("conflicts", lambda step: step.conflicts),
        ("retries", lambda step: step.retries),
        ("failed", lambda step: step.failed),
    ]
    print("\n{:<26}{}".format("", "".join(
        "{:>14}".format(step.title) for step in steps)))
    for title, value in lines:
        print("{:<26}{}".format(title, "".join(
            "{:>14}".format(value(step)) for step in steps)))


class Verdict(object):
    """Collects what should be so, and whether it is."""

    def __init__(self):
        self.holds = True
        print()

    def expect(self, what, seen, wanted):
        good = seen == wanted
        self.holds = self.holds and good
        print("  {}  {:<44} {}{}".format(
            "ok " if good else "NOT", what, seen,
            "" if good else "  (should be {})".format(wanted)))


def judge(lab, watcher, worksheet, samples, steps):
    """Compare what the catalog says with what should be."""
    verdict = Verdict()
    for step in steps:
        verdict.expect(step.title + ": done when the click was answered",
                       step.done_at_answer, 0)
        verdict.expect(step.title + ": refused rows", step.errors, {})
        verdict.expect(step.title + ": failed tasks", step.failed, 0)
    verdict.expect("tasks left in the queue", len(watcher.tasks()), 0)
    verdict.expect("states of the analyses", lab.states(worksheet),
                   {"to_be_verified": ANALYSES})
    verdict.expect("states of the samples", lab.sample_states(samples),
                   {"to_be_verified": SAMPLES})
    verdict.expect("state of the worksheet",
                   lab.worksheet(worksheet)["review_state"],
                   "to_be_verified")
    return verdict.holds


def demonstrate(cluster):
    """Play the scenario; tell whether all is as it should be."""
    password = cluster.secrets[USER]
    lab = Lab(Lims(cluster.web.url, USER, password))
    watcher = Watcher(Lims(cluster.server.url, USER, password))
    samples, worksheet = prepare(lab)
    print("Worksheet {}, {} analyses to assign".format(worksheet, ANALYSES))
    steps = [assign(cluster, lab, watcher, worksheet, samples),
             submit(cluster, lab, watcher, worksheet)]
    show(steps)
    return judge(lab, watcher, worksheet, samples, steps)


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print("Starting ZEO, the queue server, a web client and a consumer on "
          "free ports ...", flush=True)
    try:
        with Cluster(say=print) as cluster:
            holds = demonstrate(cluster)
    except (LimsError, ProcessDied, SetupFailed, Stalled) as error:
        print("\nmake demo: {}".format(error), file=sys.stderr)
        holds = False
    except KeyboardInterrupt:
        print("\nStopped.")
        holds = False
    print("\n" + ("All is as it should be." if holds
                  else "Not all is as it should be."))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
