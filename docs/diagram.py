# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Draws docs/images/architecture.svg from the texts below.

    python3 docs/diagram.py            # writes the file
    python3 docs/diagram.py --check    # fails when the file is another one
"""

import os
import sys
from xml.sax.saxutils import escape

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "images",
                    "architecture.svg")

#: name: (x, y, width, height, title, lines)
BOXES = {
    "browser": (20, 40, 170, 60, "Browser", ["a click"]),
    "web": (260, 20, 230, 100, "Web client", [
        "action adapter, api.add_task", "page is back at once"]),
    "zodb": (260, 190, 230, 120, "ZODB (ZEO)", [
        "outbox: tasks to deliver", "ledger: tasks that are done",
        "content"]),
    "server": (570, 20, 230, 100, "Queue server", [
        "the authority over states", "JSON routes, signed"]),
    "store": (570, 190, 230, 70, "Store", ["SQLite or PostgreSQL"]),
    "consumer": (260, 380, 230, 100, "Consumer", [
        "lease, heartbeat", "work as the user, in chunks"]),
}

#: from (x, y), to (x, y), label, label's place
ARROWS = [
    ((190, 70), (260, 70), "1", (220, 62)),
    ((340, 120), (340, 190), "2  one transaction", (348, 160)),
    ((490, 70), (570, 70), "3  relay", (500, 62)),
    ((685, 120), (685, 190), "on disk", (693, 160)),
    ((720, 120), (492, 420), "4  claim", (655, 330)),
    ((340, 380), (340, 310), "5  work + ledger", (348, 350)),
    ((492, 455), (770, 122), "6  acknowledge", (700, 380)),
    ((310, 310), (310, 380), "doorbell", (250, 350)),
]

HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 820 500" \
font-family="sans-serif" font-size="13" role="img" \
aria-label="How a task travels through the processes">
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" \
markerHeight="8" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#355"/>\
</marker></defs>
<rect width="820" height="500" fill="#ffffff"/>
"""

BOX = """\
<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="8" fill="#eef4f4" \
stroke="#355"/>
<text x="{tx}" y="{ty}" font-weight="bold" fill="#122">{title}</text>
"""
LINE = '<text x="{x}" y="{y}" fill="#233">{text}</text>\n'
ARROW = """\
<line x1="{0}" y1="{1}" x2="{2}" y2="{3}" stroke="#355" stroke-width="1.5" \
marker-end="url(#tip)"/>
"""


def draw():
    """Return the drawing as SVG."""
    parts = [HEAD]
    for start, end, label, place in ARROWS:
        parts.append(ARROW.format(*(start + end)))
        parts.append(LINE.format(x=place[0], y=place[1], text=escape(label)))
    for x, y, w, h, title, lines in BOXES.values():
        parts.append(BOX.format(x=x, y=y, w=w, h=h, tx=x + 12, ty=y + 24,
                                title=escape(title)))
        for number, line in enumerate(lines):
            parts.append(LINE.format(x=x + 12, y=y + 46 + 20 * number,
                                     text=escape(line)))
    parts.append("</svg>\n")
    return "".join(parts)


def main():
    if "--check" not in sys.argv:
        with open(PATH, "w") as target:
            target.write(draw())
        return 0
    with open(PATH) as source:
        if source.read() == draw():
            return 0
    print("docs/images/architecture.svg is old: run docs/diagram.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
