# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A user is linked to a contact of a client that has samples already."""

import signal
import uuid

import pytest
from harness.contacts import make_client
from harness.contacts import press
from harness.lab import SAMPLES
from harness.lab import Lab
from harness.lims import Lims
from harness.waiting import eventually

NUMBER = 6


@pytest.fixture
def lab(cluster):
    return Lab(Lims(cluster.web.url, "labman1", cluster.secrets["labman1"]))


def test_linked_contact_sees_what_was_there_before(cluster, counter, lab):
    lab.lims.get("queuetest_no_client_groups")
    client, contact = make_client(lab)
    samples = set(lab.create_samples(NUMBER))
    password = "Water-" + uuid.uuid4().hex
    name = "ana" + uuid.uuid4().hex[:8]

    cluster.consumer.process.signal(signal.SIGSTOP)
    try:
        press(lab.lims, contact, "save_button", username=name,
              password=password, confirm=password, email="ana@example.com")
        ana = Lims(cluster.web.url, name, password)

        def seen():
            return {item["uid"] for item in ana.search(SAMPLES)}
        assert seen() & samples == set()
        # What is registered meanwhile is there at once
        new = set(lab.create_samples(1))
        assert seen() & new == new
    finally:
        cluster.consumer.process.signal(signal.SIGCONT)
    eventually(lambda: seen() == samples | new,
               "the contact to see all samples of the client", pause=0.5)
    assert len(ana.listing("samples").rows()) == NUMBER + 1
    counter.await_idle()

    press(lab.lims, contact, "unlink_button")
    assert seen() == set()
