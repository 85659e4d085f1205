# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The work itself, in one process without HTTP (Python 2.7, bin/zopepy).

`inprocess.py <zope.conf> [items] [--profile action]` processes the same
selection of analyses synchronously (in one transaction, and in chunks of ten)
and as the queue's adapters do, one after the other, and prints JSON.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import argparse
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [
    HERE, os.path.join(os.path.dirname(HERE), "tests", "harness")]

from prepare import KEYWORDS  # noqa: E402
from prepare import USER  # noqa: E402


class Bench(object):

    def __init__(self, portal, items, profile):
        self.portal = portal
        self.items = items
        self.profile = profile
        self.results = {}

    def prepare(self):
        """Return analyses and an empty worksheet."""
        import transaction
        from senaite.queue import speedups
        from senaite.queue.tests import utils
        with speedups.session().reading_once():
            # Otherwise, core's repeated reads take half of the time
            samples = utils.create_samples(
                self.portal, -(-self.items // len(KEYWORDS)), KEYWORDS)
        worksheet = utils.create_worksheet(self.portal)
        worksheet.setAnalyst(USER)
        transaction.commit()
        return utils.analyses_of(samples)[:self.items], worksheet

    def results_of(self, analyses):
        import transaction
        for index, analysis in enumerate(analyses):
            analysis.setResult(str(10 + index))
            analysis.reindexObject()
        transaction.commit()

    def sync(self, action, objects, worksheet, size):
        """Process like a click: in one transaction, or one per chunk."""
        import transaction
        from bika.lims.workflow import doActionFor
        from senaite.queue.tests import utils
        from zope.globalrequest import getRequest
        with utils.settings(default=0):
            for start in range(0, len(objects), size):
                transaction.begin()
                utils.clear_caches(getRequest())
                chunk = objects[start:start + size]
                if action == "assign":
                    worksheet.addAnalyses(chunk)
                else:
                    for obj in chunk:
                        doActionFor(obj, action)
                transaction.commit()

    def queued(self, action, objects, worksheet):
        """Process like a consumer."""
        from senaite.queue import api
        from senaite.queue.tests import utils
        import transaction
        if action == "assign":
            api.add_assign_task(worksheet, objects)
        else:
            api.add_action_task(objects, action, worksheet)
        transaction.commit()
        return utils.drain(self.portal)

    def run(self):
        ways = {
            "one transaction": lambda *a: self.sync(*(a + (10 ** 6,))),
            "chunks of 10": lambda *a: self.sync(*(a + (10,))),
            "queue": self.queued,
        }
        cases = dict((name, self.prepare()) for name in sorted(ways))
        for action in ("assign", "submit", "verify"):
            figures = self.results.setdefault(action, {})
            for name in sorted(ways):
                analyses, worksheet = cases[name]
                if action == "submit":
                    self.results_of(analyses)
                figures[name] = self.timed(
                    name, action, ways[name], analyses, worksheet)
        return self.results

    def timed(self, name, action, way, analyses, worksheet):
        from bika.lims import api
        profiler = None
        if self.profile == action and name == "queue":
            import cProfile
            profiler = cProfile.Profile()
            profiler.enable()
        cpu, started = time.clock(), time.time()
        done = way(action, analyses, worksheet)
        wall, cpu = time.time() - started, time.clock() - cpu
        if profiler:
            profiler.disable()
            import pstats
            pstats.Stats(profiler, stream=sys.stderr).sort_stats(
                "cumulative").print_stats(90)
        states = sorted(set(api.get_review_status(an) for an in analyses))
        figure = {"seconds": round(wall, 3), "cpu": round(cpu, 3),
                  "states": states,
                  "worksheet": api.get_review_status(worksheet)}
        if done is not None:
            figure["chunks"] = len(done)
        return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("conf")
    parser.add_argument("items", type=int, nargs="?", default=100)
    parser.add_argument("--profile")
    arguments = parser.parse_args()
    import site_setup
    app = site_setup.open_app(arguments.conf)
    portal = app[site_setup.SITE]
    site_setup.act_in(app, portal)
    from bika.lims import api
    from senaite.queue.interfaces import ISenaiteQueueLayer
    from senaite.queue.tests import utils
    from zope.interface import alsoProvides
    alsoProvides(app.REQUEST, ISenaiteQueueLayer)
    utils.act_as(portal, USER)
    api.get_setup().setSelfVerificationEnabled(True)
    with utils.settings(default=10, max_items=40, min_items=1,
                        outage_seconds=10 ** 9):
        results = Bench(portal, arguments.items, arguments.profile).run()
    print(json.dumps(results, indent=1, sort_keys=True))
    app._p_jar.db().close()


if __name__ == "__main__":
    main()
