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

Clusters with copies of one site take turns: each try finds untouched
worksheets, although they are created only once.
"""

import contextlib
import time
from concurrent import futures

from harness import ports
from harness.cluster import Cluster
from harness.seeds import held

from bench import clusters
from bench import control
from bench import sheets
from bench import sites
from bench import together

#: The tries of each of `together.ACTIONS`: (cluster, number of consumers). One
#: and two consumers swap clusters and order, because neither the clusters nor
#: the machine are always equally fast
TRIES = (((0, 1), (1, 2), (2, 4)),
         ((0, 2), (1, 1)))
#: Small worksheets per consumer for warming up: enough to find the best size
#: of chunks
WARM = 2
#: Seconds before active processes are suspended: one that is suspended during
#: a commit blocks all others of its site
SETTLE = 2

#: Number of consumers of each cluster
CONSUMERS = [max(number for tries in TRIES for side, number in tries
                 if side == which) for which in range(3)]


class Side(object):
    """One of the clusters, with its worksheets."""

    def __init__(self, cluster, made):
        """
        :param made: the contents of its worksheets, see `bench/prepare.py`
        """
        self.cluster = cluster
        self.lab = together.open_lab(cluster)
        made = sheets.by_purpose(made)
        self.sheets = together.open_sheets(self.lab, made["busy"])
        self.small = together.open_sheets(
            self.lab, made["small"][:WARM * len(cluster.consumers)])

    def count_conflicts(self):
        """Return the number of conflicts met by the consumers so far."""
        found = 0
        for node in self.cluster.consumers:
            with open(node.log, errors="replace") as log:
                found += log.read().count("event=conflict ")
        return found


@contextlib.contextmanager
def open_sides():
    """Context manager: the clusters."""
    with contextlib.ExitStack() as stack:
        homes, made = zip(*(
            stack.enter_context(sites.with_sheets(*sheets.WITH))
            for _side in CONSUMERS))
        with clusters.side_by_side(*(
                Cluster(home=each, consumer_ports=ports.free_ports(number))
                for each, number in zip(homes, CONSUMERS))) as found, \
                futures.ThreadPoolExecutor(len(found)) as pool:
            yield list(pool.map(Side, found, made))


PLACE = clusters.Place(open_sides, [sheets.WITH])


def consumers():
    """All worksheets of a try are submitted, then verified (four consumers
    only submit). The speedup of two processes that share nothing is measured
    at the same time."""
    found, alone = {}, {1: [], 2: []}
    with PLACE.get() as sides:
        for (action, state), tries in zip(together.ACTIONS, TRIES):
            for side in [sides[which] for which, _number in tries]:
                time.sleep(SETTLE)
                # The first tasks of a consumer open connections, and load
                # code and data
                with held(others(sides, side)):
                    together.do_all(side.cluster, side.small,
                                    len(side.cluster.consumers), action)
            for which, number in tries:
                if number in alone:
                    time.sleep(SETTLE)
                    with held(others(sides)):
                        alone[number].append(round(control.spend(number), 2))
                time.sleep(SETTLE)
                with held(others(sides, sides[which])):
                    found.setdefault(number, []).append(
                        _try(sides[which], number, action, state))
    figures = dict((str(number), _summary(tries, found[1]))
                   for number, tries in found.items())
    figures["two that share nothing"] = {
        "seconds of one": alone[1], "seconds of two at once": alone[2],
        "speedup": round(2 * sum(alone[1]) / sum(alone[2]), 2)}
    return figures


def others(sides, working=None):
    """Return all Zope processes of the other clusters, to suspend them: they
    must not even look for work.

    :param working: the cluster to leave out; None: include all
    """
    return [node for side in sides if side is not working
            for node in side.cluster.zopes]


def _try(side, number, action, state):
    before = side.count_conflicts()
    spent = together.do_all(side.cluster, side.sheets, number, action)
    states = [side.lab.states_of(sheet.uid) for sheet in side.sheets]
    return {"action": action, "seconds": round(spent, 2),
            "analyses": sum(len(sheet.uids) for sheet in side.sheets),
            "conflicts": side.count_conflicts() - before,
            "complete": all(list(found) == [state] for found in states)}


def _summary(tries, alone):
    """Return the figures for one number of consumers.

    :param alone: the tries with one consumer, to compare the same actions
    """
    actions = [each["action"] for each in tries]
    seconds, base = [
        sum(each["seconds"] for each in some if each["action"] in actions)
        for some in (tries, alone)]
    return dict(
        [("seconds to " + each["action"], each["seconds"]) for each in tries],
        speedup=round(base / seconds, 4),
        analyses=[each["analyses"] for each in tries],
        conflicts=sum(each["conflicts"] for each in tries),
        complete=all(each["complete"] for each in tries))


BENCHES = {"consumers": consumers}
