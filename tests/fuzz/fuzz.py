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

#: Documented, so no surprise
FINE = (503, 504)


class Fuzzer(object):
    """Calls the routes as one caller and keeps the score."""

    def __init__(self, server, caller):
        self.server = server
        self.caller = caller
        self.statuses = collections.Counter()
        self.wrong = collections.defaultdict(list)
        self.session = requests.Session()
        self.session.trust_env = False
        self.known = None
        self.known = self.version()

    def version(self):
        """Return the version of the queue: it moves with every change."""
        query = {"limit": 10000}
        if self.known:
            query["since"] = self.known
        return requests.get(
            self.server.base_url + "/queue_server/diff", params=query,
            timeout=120, auth=self.server.auth(SIGNED)).json()["version"]

    def call(self, operation, case):
        """Send one request and judge its answer."""
        arguments = case.as_transport_kwargs(base_url=self.server.base_url)
        headers = arguments.get("headers") or {}
        for name in list(headers):
            # who calls is our choice
            if name.lower() in ("authorization", "x-queue-auth-token",
                                "cookie", "user-agent"):
                del headers[name]
        arguments.update(headers=headers, cookies=None, timeout=120,
                         allow_redirects=False,
                         auth=self.server.auth(self.caller))
        try:
            response = self.session.request(**arguments)
        except (requests.exceptions.InvalidHeader, ValueError,
                requests.exceptions.InvalidURL):
            # nothing that HTTP could carry
            return
        self.judge(operation, response)

    def judge(self, operation, response):
        status = response.status_code
        self.statuses[status] += 1
        request = response.request
        proof = (status, request.method, request.url, request.body,
                 response.text[:300])
        if status >= 500 and status not in FINE:
            self.wrong["5xx"].append(proof)
        access = operation.definition.raw["x-access"]
        if self.caller not in ALLOWED[access] and status < 300 \
                and request.method != "OPTIONS":
            self.wrong["let in"].append(proof)
        if self.caller == SIGNED:
            now = self.version()
            if status >= 400 and now != self.known:
                self.wrong["changed"].append(proof)
            self.known = now

    def fuzz(self, operation, examples, seed):
        """Fuzz a route with what fits its description, and what does not."""
        for mode in (schemathesis.GenerationMode.POSITIVE,
                     schemathesis.GenerationMode.NEGATIVE):
            run = given(case=operation.as_strategy(generation_mode=mode))(
                lambda case: self.call(operation, case))
            run = with_seed(seed)(run)
            run = settings(
                max_examples=examples // 2, deadline=None, database=None,
                phases=(Phase.generate,), verbosity=Verbosity.quiet,
                suppress_health_check=list(HealthCheck))(run)
            try:
                run()
            except Exception as error:
                # e.g. a body that can not be made wrong
                if "Unsatisfiable" not in type(error).__name__:
                    self.wrong["not fuzzed"].append((
                        operation.label, str(mode), repr(error)[:300]))
        if self.caller != SIGNED:
            now = self.version()
            if now != self.known:
                self.wrong["changed"].append((operation.label,))
            self.known = now


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
    bad = 0
    with QueueServer() as server:
        for caller in options.callers.split(","):
            bad += fuzz_as(server, caller, operations, options)
    print("fuzz: {}".format("all is well" if not bad else
                            "{} findings".format(bad)), flush=True)
    return 1 if bad else 0


def fuzz_as(server, caller, operations, options):
    """Fuzz all routes as one caller; returns the number of findings."""
    began = time.monotonic()
    fuzzer = Fuzzer(server, caller)
    rounds = 0
    while sum(fuzzer.statuses.values()) < options.requests and rounds < 50:
        missing = options.requests - sum(fuzzer.statuses.values())
        each = max(20, missing // len(operations) + 1)
        for operation in operations:
            fuzzer.fuzz(operation, each, options.seed + rounds)
        rounds += 1
    for kind, proofs in fuzzer.wrong.items():
        for proof in proofs[:10]:
            print("{}: {}".format(kind, proof), flush=True)
    print("role={} requests={} 5xx={} let_in={} changed_by_refused={} "
          "other={} seconds={:.0f} statuses={}".format(
              caller, sum(fuzzer.statuses.values()),
              len(fuzzer.wrong["5xx"]), len(fuzzer.wrong["let in"]),
              len(fuzzer.wrong["changed"]), len(fuzzer.wrong["not fuzzed"]),
              time.monotonic() - began,
              dict(sorted(fuzzer.statuses.items()))), flush=True)
    return sum(map(len, fuzzer.wrong.values()))


if __name__ == "__main__":
    sys.exit(main())
