# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The same work with 1, 2 and 4 consumers.

Two clusters have copies of one site, and work by turns: so each try finds
worksheets that nobody has touched, and half as many have to be made.
"""

import contextlib
import itertools
import os
import statistics
from concurrent import futures

from harness import ports
from harness import template
from harness.cluster import Cluster
from harness.seeds import held

from bench import clusters
from bench import control
from bench import prepare
from bench import sites
from bench import together

#: Worksheets of each try, and samples of five analyses on each
WORKSHEETS, SAMPLES = 8, 8
#: The tries: in which cluster, and with how many consumers. By turns, since
#: the machine is not always as fast
TRIES = ((0, 1), (1, 2), (0, 2), (1, 1), (0, 4))
#: Small worksheets for each consumer to warm up with, and samples on each: as
#: many as it takes to find out the size of chunks
WARM, WARM_SAMPLES = 2, 4

#: How many consumers each cluster has, and how many tries are made in it
CONSUMERS, TURNS = (
    [how([number for side, number in TRIES if side == which])
     for which in (0, 1)] for how in (max, len))
#: Worksheets of one site: the small ones, then those of each try
SMALL = WARM * max(CONSUMERS)
SHEETS = ([[WARM_SAMPLES, prepare.RESULTS]] * SMALL +
          [[SAMPLES, prepare.RESULTS]] * (WORKSHEETS * max(TURNS)))


class Side(object):
    """One of the clusters, and its worksheets in the order they are used."""

    def __init__(self, cluster, made, turns):
        """
        :param made: what is on its worksheets, see `bench/prepare.py`
        :param turns: how many tries are made here
        """
        self.cluster = cluster
        self.lab = together.open_lab(cluster)
        sheets = together.open_sheets(
            self.lab, made[:SMALL + WORKSHEETS * turns])
        self.small = sheets[:SMALL]
        #: Those of the next try; after the last one, those of the first, for
        #: another action
        self.lots = itertools.cycle(
            sheets[start:start + WORKSHEETS]
            for start in range(SMALL, len(sheets), WORKSHEETS))

    def count_conflicts(self):
        """Return how many conflicts the consumers have met so far."""
        found = 0
        for node in self.cluster.consumers:
            with open(node.log, errors="replace") as log:
                found += log.read().count("event=conflict ")
        return found


@contextlib.contextmanager
def open_sides():
    """Give both clusters."""
    with sites.with_sheets(SHEETS) as (home, made), \
            sites.directory() as parent:
        other = os.path.join(parent, "site")
        template.copy(home, other)
        with clusters.side_by_side(*(
                Cluster(home=each, consumer_ports=ports.free_ports(number))
                for each, number in zip((home, other), CONSUMERS))) as found, \
                futures.ThreadPoolExecutor(len(found)) as pool:
            yield list(pool.map(Side, found, [made] * len(found), TURNS))


PLACE = clusters.Place(open_sides, [(SHEETS, True)])


def consumers():
    """All worksheets of a try submitted, then verified; with it, what two
    processes that share nothing are worth at the time."""
    tries, alone = {}, {1: [], 2: []}
    with PLACE.get() as sides:
        for action, state in together.ACTIONS:
            for side in sides:
                # The first tasks of a consumer open connections, load code
                # and data
                with held(others(sides, side)):
                    together.do_all(side.cluster, side.small,
                                    len(side.cluster.consumers), action)
            for which, number in TRIES:
                if number in alone:
                    alone[number].append(round(control.spend(number), 2))
                with held(others(sides, sides[which])):
                    tries.setdefault(number, []).append(
                        _try(sides[which], number, action, state))
    figures = dict((str(number), _summary(found))
                   for number, found in tries.items())
    base = figures["1"]["mean"]
    for found in figures.values():
        found["speedup"] = round(base / found["mean"], 2)
    figures["two that share nothing"] = {
        "seconds of one": alone[1], "seconds of two at once": alone[2],
        "speedup": round(2 * sum(alone[1]) / sum(alone[2]), 2)}
    return figures


def others(sides, working):
    """Return the consumers of the other cluster: they are not even to look
    for work."""
    return [node for side in sides if side is not working
            for node in side.cluster.consumers]


def _try(side, number, action, state):
    sheets = next(side.lots)
    before = side.count_conflicts()
    spent = together.do_all(side.cluster, sheets, number, action)
    states = [side.lab.states_of(sheet.uid) for sheet in sheets]
    return {"action": action, "seconds": round(spent, 2),
            "analyses": sum(len(sheet.uids) for sheet in sheets),
            "conflicts": side.count_conflicts() - before,
            "complete": all(list(found) == [state] for found in states)}


def _summary(tries):
    """Return the figures of one number of consumers."""
    seconds = dict((action, [each["seconds"] for each in tries
                             if each["action"] == action])
                   for action, _state in together.ACTIONS)
    return dict(
        [("seconds to " + action, found) for action, found in seconds.items()],
        mean=round(sum(map(statistics.mean, seconds.values())), 2),
        analyses=[each["analyses"] for each in tries],
        conflicts=sum(each["conflicts"] for each in tries),
        complete=all(each["complete"] for each in tries))


BENCHES = {"consumers": consumers}
