# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""`make fuzz`: schemathesis calls every route as everybody.

Counts, and shows: answers of the 5xx kind other than 503 and 504; routes that
let somebody in who may not; refused requests that changed something. All
three have to be 0.
"""

import argparse
import collections
import os
import sys
import time

import requests
import schemathesis
from harness import paths
from hypothesis import HealthCheck
from hypothesis import Phase
from hypothesis import Verbosity
from hypothesis import given
from hypothesis import seed as with_seed
from hypothesis import settings

from fuzz.people import ALLOWED
from fuzz.people import CALLERS
from fuzz.people import SIGNED
from fuzz.people import QueueServer

#: So much of a task's uid is in the log
SHORT = 9

#: Documented, so no surprise
FINE = (503, 504)


def is_answered(response):
    """Tell whether a request got what it asked for.

    What senaite.jsonapi cannot make sense of by itself, like a path that is
    not ASCII, never comes to our routes; it says so with status 200.
    """
    if response.status_code >= 300:
        return False
    try:
        return response.json().get("success") is not False
    except (ValueError, AttributeError):
        return True


class Score(object):
    """What one caller was answered."""

    def __init__(self):
        self.statuses = collections.Counter()
        self.wrong = collections.defaultdict(list)

    @property
    def requests(self):
        return sum(self.statuses.values())


class Fuzzer(object):
    """Makes requests, and sends each of them as everybody."""

    def __init__(self, server, callers):
        self.server = server
        # who may change something comes last
        self.callers = sorted(callers, key=lambda name: name == SIGNED)
        self.scores = {caller: Score() for caller in callers}
        self.not_fuzzed = []
        self.session = requests.Session()
        self.session.trust_env = False
        self.known = None
        self.known = self.changes()["version"]

    def changes(self):
        """Return the version of the queue, which moves with every change, and
        the tasks that have changed."""
        query = {"limit": 10000}
        if self.known:
            query["since"] = self.known
        return requests.get(
            self.server.base_url + "/queue_server/diff", params=query,
            timeout=120, auth=self.server.auth(SIGNED)).json()

    def call(self, operation, case):
        """Send a request as everybody and judge the answers."""
        arguments = case.as_transport_kwargs(base_url=self.server.base_url)
        headers = dict(arguments.get("headers") or {})
        for name in list(headers):
            # who calls is our choice
            if name.lower() in ("authorization", "x-queue-auth-token",
                                "cookie", "user-agent"):
                del headers[name]
        arguments.update(headers=headers, cookies=None, timeout=120,
                         allow_redirects=False)
        for caller in self.callers:
            if caller == SIGNED:
                self.look("somebody without the key", None)
            try:
                response = self.session.request(
                    auth=self.server.auth(caller), **arguments)
            except (ValueError, requests.exceptions.InvalidHeader):
                # nothing that HTTP could carry
                return
            self.session.cookies.clear()
            self.judge(operation, caller, response)

    def look(self, caller, refused):
        """Has anything changed, though it should not?"""
        found = self.changes()
        if found["version"] != self.known and (refused or caller != SIGNED):
            rescued = self.server.rescued()
            changed = [(task["task_uid"], task["status"])
                       for task in found["tasks"]
                       if task["task_uid"][:SHORT] not in rescued]
            if changed or not found["tasks"]:
                self.scores[self.callers[0]].wrong["changed"].append(
                    (caller, refused, changed))
        self.known = found["version"]

    def judge(self, operation, caller, response):
        status, score = response.status_code, self.scores[caller]
        score.statuses[status] += 1
        request = response.request
        proof = (status, request.method, request.url, request.body,
                 response.text[:300])
        if status >= 500 and status not in FINE:
            score.wrong["5xx"].append(proof)
        access = operation.definition.raw["x-access"]
        if caller not in ALLOWED[access] and is_answered(response):
            score.wrong["let in"].append(proof)
        if caller == SIGNED:
            self.look(SIGNED, None if is_answered(response) else proof)

    def fuzz(self, operation, examples, seed):
        """Fuzz a route with what fits its description, and what does not."""
        for mode in (schemathesis.GenerationMode.POSITIVE,
                     schemathesis.GenerationMode.NEGATIVE):
            run = given(case=operation.as_strategy(generation_mode=mode))(
                lambda case: self.call(operation, case))
            run = settings(
                max_examples=examples // 2, deadline=None, database=None,
                phases=(Phase.generate,), verbosity=Verbosity.quiet,
                suppress_health_check=list(HealthCheck))(with_seed(seed)(run))
            try:
                run()
            except Exception as error:
                # e.g. a request that cannot be made wrong
                self.not_fuzzed.append((operation.label, mode.name,
                                        repr(error)[:300]))

    @property
    def findings(self):
        return sum(len(proofs) for score in self.scores.values()
                   for proofs in score.wrong.values())

    @property
    def done(self):
        """How many requests everybody has made at least."""
        return min(score.requests for score in self.scores.values())


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--requests", type=int, default=10000,
                        help="at least so many for each caller")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--callers", default=",".join(CALLERS))
    options = parser.parse_args(arguments)
    schema = schemathesis.openapi.from_path(
        os.path.join(paths.ROOT, "docs", "openapi.json"))
    operations = [found.ok() for found in schema.get_all_operations()]
    began, rounds = time.monotonic(), 0
    with QueueServer() as server:
        fuzzer = Fuzzer(server, options.callers.split(","))
        while fuzzer.done < options.requests and rounds < 1000:
            missing = options.requests - fuzzer.done
            each = min(40, max(10, missing // len(operations) + 2))
            for operation in operations:
                fuzzer.fuzz(operation, each, options.seed + rounds)
            rounds += 1
            print("{} requests as everybody, {} findings, {:.0f} s".format(
                fuzzer.done, fuzzer.findings, time.monotonic() - began),
                flush=True)
    return tell(fuzzer, time.monotonic() - began)


def tell(fuzzer, seconds):
    """Tell what was found; returns the exit status."""
    bad = 0
    for label, mode, error in sorted(set(fuzzer.not_fuzzed)):
        print("not fuzzed: {} {}: {}".format(label, mode, error))
    for caller, score in fuzzer.scores.items():
        for kind, proofs in score.wrong.items():
            bad += len(proofs)
            for proof in proofs[:10]:
                print("{} {}: {}".format(caller, kind, proof))
        print("role={} requests={} 5xx={} let_in={} changed_by_refused={} "
              "statuses={}".format(
                  caller, score.requests, len(score.wrong["5xx"]),
                  len(score.wrong["let in"]), len(score.wrong["changed"]),
                  dict(sorted(score.statuses.items()))))
    print("fuzz: {} in {:.0f} s".format(
        "{} findings".format(bad) if bad else "all is well", seconds))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
