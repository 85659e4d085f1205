# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Follows the queue server's log and tells people what happens."""

import json
import os
import re
import threading
import time

#: `2026-11-23 22:33:44 INFO [senaite.queue] event=done task=... name=...`
_LINE = re.compile(r"^[\d-]+[ T](?P<time>[\d:]+)\S* \w+ "
                   r"\[senaite\.queue\S*\] (?P<pairs>event=.*)$")
_PAIR = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')

#: Event -> (how it reads, colour)
LOOKS = {
    "queued": ("queued", 36),
    "started": ("started", 34),
    "done": ("done", 32),
    "failed": ("FAILED", 31),
    "retried": ("again", 33),
    "requeued": ("requeued", 33),
    "rescued": ("rescued", 33),
    "cancelled": ("cancelled", 35),
}


def parse(line):
    """Return the event of a log line as a dict, or None.

    :returns: the line's pairs, and its clock time as "at"
    """
    match = _LINE.match(line.rstrip("\n"))
    if match is None:
        return None
    event = {"at": match.group("time")}
    for name, value in _PAIR.findall(match.group("pairs")):
        event[name] = json.loads(value) if value.startswith('"') else value
    return event


def describe(event, colours=False):
    """Return an event as one line for people."""
    word, colour = LOOKS.get(event["event"], (event["event"], 37))
    word = "{:<9}".format(word)
    if colours:
        word = "\033[{}m{}\033[0m".format(colour, word)
    told = ("event", "at", "task", "name", "user")
    rest = " ".join("{}={}".format(name, value)
                    for name, value in event.items()
                    if value and name not in told)
    return "{}  {} {:<9}  {:<28} {:<12} {}".format(
        event["at"], word, event.get("task", ""), event.get("name", ""),
        event.get("user", ""), rest).rstrip()


class Follower(threading.Thread):
    """Calls a function with each new event of a log."""

    def __init__(self, path, tell):
        """
        :param path: the queue server's event log
        :param tell: callable(event dict)
        """
        super(Follower, self).__init__(daemon=True)
        self.path = path
        self.tell = tell
        self.stopped = threading.Event()
        self.offset = os.path.getsize(path) if os.path.exists(path) else 0

    def run(self):
        while not self.stopped.is_set():
            self.read()
            time.sleep(0.2)

    def read(self):
        """Tell what was written since the last look, complete lines only."""
        try:
            with open(self.path, "rb") as log:
                log.seek(self.offset)
                text = log.read()
        except OSError:
            return
        end = text.rfind(b"\n") + 1
        self.offset += end
        for line in text[:end].decode("utf-8", "replace").splitlines():
            event = parse(line)
            if event:
                self.tell(event)

    def stop(self):
        """Tell the last events, and end."""
        self.stopped.set()
        self.join(timeout=2)
        self.read()
