# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A progress bar for the terminal, and lines where there is none."""

import sys


class Bar(object):
    """Shows how much of something is done."""

    WIDTH = 30

    def __init__(self, title, total, out=None):
        self.title = title
        self.total = total
        self.out = out or sys.stdout
        self.is_terminal = self.out.isatty()
        self.shown = None

    def show(self, done, note=""):
        """Show a state; nothing is written when it is the one shown."""
        if (done, note) == self.shown:
            return
        self.shown = (done, note)
        filled = self.WIDTH * done // max(self.total, 1)
        line = "{:<22} [{}{}] {:>3} of {}  {}".format(
            self.title, "#" * filled, "." * (self.WIDTH - filled), done,
            self.total, note)
        self.out.write("\r\033[K" + line if self.is_terminal else line + "\n")
        self.out.flush()

    def close(self):
        if self.is_terminal:
            self.out.write("\n")
            self.out.flush()
