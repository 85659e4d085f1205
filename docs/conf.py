# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""How Sphinx builds the documentation: `make docs`."""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(HERE, "_ext"))
sys.path.insert(0, os.path.join(ROOT, "src"))

with open(os.path.join(ROOT, "setup.py")) as source:
    release = re.search(r'version="([^"]+)"', source.read()).group(1)

project = "senaite.queue"
author = "senaite.queue contributors"
copyright = "2026 " + author
version = release
extensions = ["settingspage", "sourcedocs", "openapipage",
              "differencespage"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "senaite.queue {}".format(release)
html_copy_source = False
pygments_style = "friendly"
nitpicky = False
# Requests that are not complete: method and route
suppress_warnings = ["misc.highlighting_failure"]
