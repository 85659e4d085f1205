# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Small bar charts as inline SVG, without a library or a service."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.browser import html

#: Size of a chart in its own units; it scales with the page
WIDTH, HEIGHT = 240, 48


def bars(values, title, colour_class="queue-chart-bar", label=None):
    """Return a bar chart.

    :param values: list of (label of the bar, number or None)
    :param title: what the chart shows, for screen readers
    :param colour_class: CSS class of the bars
    :param label: function that formats a number as text
    :rtype: six.text_type
    """
    label = label or (lambda number: u"{:g}".format(number))
    most = max([value for _name, value in values if value] or [1])
    step = float(WIDTH) / max(len(values), 1)
    shown = [html.tag("title", html.to_html(title))]
    for number, (name, value) in enumerate(values):
        height = HEIGHT * float(value or 0) / most
        if value:
            # Every value is visible, however small
            height = max(height, 2.0)
        text = u"{}: {}".format(name, label(value)) \
            if value is not None else u"{}: -".format(name)
        shown.append(html.tag(
            "rect", html.tag("title", html.to_html(text)),
            x=u"{:.1f}".format(number * step + 1),
            y=u"{:.1f}".format(HEIGHT - height),
            width=u"{:.1f}".format(max(step - 2, 1)),
            height=u"{:.1f}".format(height), class_=colour_class))
    base = html.tag("line", u"", x1="0", x2=str(WIDTH), y1=str(HEIGHT),
                    y2=str(HEIGHT), class_="queue-chart-base")
    return html.tag(
        "svg", u"".join(shown) + base, class_="queue-chart", role="img",
        aria_label=title, viewBox="0 0 {} {}".format(WIDTH, HEIGHT + 1),
        preserveAspectRatio="none")
