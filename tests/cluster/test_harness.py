# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""`make run` itself: clear errors, readable events, nothing left behind."""

import glob
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import events
from harness import paths
from harness import ports
from harness import site_setup
from harness import template
from harness.waiting import eventually

LINE = ('2026-11-23 22:33:44 INFO [senaite.queue] event=done task=0a1b2c3d4 '
        'name=task_assign_analyses user=labman1 consumer=consumer1/ab12cd34 '
        'note="two words, \\"quoted\\"" seconds=1.25')


def run(arguments, output):
    """Start `make run` as a process, its output going to a file."""
    environment = dict(os.environ, PYTHONPATH=os.path.join(
        paths.ROOT, "tests"), PYTHONUNBUFFERED="1")
    return subprocess.Popen(
        [sys.executable, "-m", "harness.run"] + arguments, cwd=paths.ROOT,
        stdout=output, stderr=subprocess.STDOUT, env=environment)


def test_event_lines_are_parsed():
    event = events.parse(LINE)
    assert event["event"] == "done"
    assert event["at"] == "22:33:44"
    assert event["note"] == 'two words, "quoted"'
    assert event["consumer"] == "consumer1/ab12cd34"


@pytest.mark.parametrize("line", [
    "", "2026-11-23 22:33:44 INFO [Zope] Ready to handle requests",
    "2026-11-23 22:33:44 INFO [senaite.queue] Consumer loop runs"])
def test_other_lines_are_none(line):
    assert events.parse(line) is None


def test_events_read_well():
    text = events.describe(events.parse(LINE))
    assert text.startswith("22:33:44  done")
    assert "labman1" in text and "seconds=1.25" in text


def test_template_is_made_once(tmp_path, monkeypatch):
    """Also when two ask for it at the same time."""
    made = []

    def make(target, step, base=None):
        made.append(step)
        time.sleep(0.2)
        os.mkdir(target)
    monkeypatch.setattr(template, "HOME", str(tmp_path))
    monkeypatch.setattr(template, "_make", make)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda number: template.get(say=lambda line: None),
                              range(2)))
    assert found[0] == found[1]
    assert made == ["site", "addon"]


def test_template_depends_on_what_an_installation_runs():
    """Wherever these modules are moved to: a change of one makes a new site."""
    named = {os.path.relpath(path, template.PACKAGE)
             for path in template._addon_inputs()}
    assert "setuphandlers.py" in named
    assert os.path.join("profiles", "default", "registry.xml") in named
    for text, name in (("class IQueueSettings(", "the settings"),
                       ("def get_keys(portal", "the key")):
        homes = {os.path.relpath(path, template.PACKAGE)
                 for path in glob.glob(os.path.join(
                     template.PACKAGE, "**", "*.py"), recursive=True)
                 if text in open(path, encoding="utf-8").read()}
        assert homes and homes <= named, name


@pytest.mark.parametrize("row, repaired", [
    ({"type": "a"}, {}),
    ({"type": "b", "blank_ref": "Distilled Water"},
     {"blank_ref": ["uid-1"], "reference_proxy": "uid-1"}),
    ({"type": "c", "control_ref": "Trace Metals 10"},
     {"control_ref": ["uid-2"], "reference_proxy": "uid-2"}),
    ({"type": "d", "dup": 3}, {"dup": 3, "dup_proxy": 3}),
    ({"type": "b", "blank_ref": "Unknown"}, {})])
def test_rows_of_templates_are_repaired(row, repaired):
    definitions = {"Distilled Water": "uid-1", "Trace Metals 10": "uid-2"}
    stored = dict({"pos": 7, "dup": "", "blank_ref": "", "control_ref": ""},
                  **row)
    expected = dict({
        "pos": 7, "type": row["type"], "blank_ref": [], "control_ref": [],
        "reference_proxy": None, "dup": None, "dup_proxy": None}, **repaired)
    assert site_setup.repair_row(stored, definitions) == expected


def test_taken_port_is_a_clear_error(tmp_path):
    with socket.socket() as taken:
        taken.bind((ports.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with open(str(tmp_path / "out"), "w+") as output:
            free = iter(ports.free_ports(3))
            process = run([
                "--web-port", str(port), "--zeo-port", str(next(free)),
                "--server-port", str(next(free)),
                "--consumer-port", str(next(free))], output)
            assert process.wait(timeout=60) == 1
            output.seek(0)
            said = output.read()
    assert "Port {} (for the web client) is taken".format(port) in said
    assert "Traceback" not in said


def test_ctrl_c_stops_everything(tmp_path):
    numbers = ports.free_ports(4)
    names = ("--zeo-port", "--web-port", "--server-port", "--consumer-port")
    arguments = ["--home", str(tmp_path / "site")]
    for name, port in zip(names, numbers):
        arguments += [name, str(port)]
    path = tmp_path / "out"
    with open(str(path), "w") as output:
        process = run(arguments, output)

        def is_up():
            assert process.poll() is None, path.read_text()
            return "Ctrl-C stops everything" in path.read_text()
        try:
            # it may have to make the demo site first
            eventually(is_up, "make run to be up", seconds=600, pause=0.5)
            assert all(map(ports.is_open, numbers))
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=300) == 0, path.read_text()
        finally:
            if process.poll() is None:
                # leave no cluster behind when it failed
                process.send_signal(signal.SIGINT)
                process.wait(timeout=300)
    assert not any(map(ports.is_open, numbers))
    assert "Everything is stopped." in path.read_text()
