# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A crowd at the LIMS: many users at two web clients, on the same worksheet
and on different ones, while others edit the same samples."""

import datetime
import threading
import time

import requests
from harness.lab import Lab
from harness.lims import Lims
from harness.lims import LimsError

USER = "labman1"

TROUBLE = (requests.RequestException, LimsError, ValueError, KeyError)


class Person(threading.Thread):
    """A user with a session; failed requests are counted."""

    def __init__(self, node, secrets):
        super(Person, self).__init__(daemon=True)
        self.lims = Lims(node.url, USER, secrets[USER])
        self.requests = 0
        self.failed = []
        self.seconds = []
        self.lims.session.hooks["response"].append(self.count)

    def count(self, response, **kw):
        self.requests += 1
        self.seconds.append(response.elapsed.total_seconds())
        if response.status_code >= 400:
            self.failed.append((response.status_code, response.request.method,
                                response.url, response.text[-300:]))

    def run(self):
        try:
            self.work()
        except TROUBLE as error:
            self.failed.append((0, "gave up", repr(error)[:300]))

    def work(self):
        """Do the work of this user."""
        raise AssertionError("Subclasses must override this")


class Analyst(Person):
    """Assigns the analyses of a sample to a worksheet, and submits them."""

    def __init__(self, node, secrets, worksheet, analyses, is_through):
        super(Analyst, self).__init__(node, secrets)
        self.worksheet = worksheet
        self.analyses = analyses
        self.is_through = is_through

    def work(self):
        listing = self.lims.listing(self.worksheet + "/add_analyses")
        listing.press("assign", self.analyses)
        self.wait("assign")
        listing = self.lims.listing(self.worksheet + "/manage_results")
        listing.set_fields({uid: {"Result": "10"} for uid in self.analyses})
        listing.press("submit", self.analyses)
        self.wait("submit")

    def wait(self, step, patience=600):
        limit = time.monotonic() + patience
        while not self.is_through(step, self.analyses):
            if time.monotonic() > limit:
                self.failed.append((0, "never came to", step, self.analyses))
                return
            time.sleep(1)


class Editor(Person):
    """Edits the samples that others work on, until told to stop."""

    FIELD = "ClientReference"

    def __init__(self, node, secrets, samples):
        super(Editor, self).__init__(node, secrets)
        self.samples = samples
        self.over = threading.Event()
        self.saved = {}
        self.edits = 0

    def work(self):
        while not self.over.is_set():
            for uid in self.samples:
                value = "edit {}".format(self.edits)
                self.lims.post_json("@@API/senaite/v1/update", {
                    "uid": uid, self.FIELD: value})
                self.saved[uid] = value
                self.edits += 1
                self.over.wait(0.5)

    def lost(self, lims):
        """Return the samples that do not have their last saved value."""
        return [(uid, value, found) for uid, value, found in (
            (uid, value, lims.api(uid)[self.FIELD])
            for uid, value in self.saved.items()) if value != found]


def make_samples(lims, number):
    """Register and receive samples; return their uids, and their analyses."""
    lab = Lab(lims)
    today = datetime.date.today().isoformat()
    samples, analyses = [], {}
    for _ in range(number):
        sample = lims.create_sample(lab.client, lab.contact, lab.sample_type,
                                    lab.services, today)
        samples.append(sample["uid"])
    lims.listing("samples").press("receive", samples)
    for uid in samples:
        analyses[uid] = [item["uid"] for item in lab.analyses_of([uid])]
    return samples, analyses
