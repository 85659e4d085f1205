# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The current speed of this machine, and the value of a second processor.

Two processes that share nothing may take longer than one alone, because
processors share caches, memory and a host. A sample takes a second and varies
too, but a poor speedup of consumers means less beside a poor one of these.
"""

import subprocess
import sys

#: Visits many small objects in an order that defeats caches, like the objects
#: of a database. Prints a line when it is ready, starts when it reads a line,
#: and prints the seconds it took
WORK = """
import random, sys, time
objects = [[number, str(number)] for number in range(300000)]
random.Random(1).shuffle(objects)
print("ready", flush=True)
sys.stdin.readline()
started, total = time.perf_counter(), 0
for _round in range(3):
    for each in objects:
        total += each[0]
        each[1] = str(total)[:5]
print(time.perf_counter() - started, flush=True)
"""


def spend(number):
    """Run N processes that do the same work at the same time.

    :param number: the number of processes
    :returns: seconds of the slowest
    """
    workers = [subprocess.Popen(
        [sys.executable, "-c", WORK], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, universal_newlines=True)
        for _number in range(number)]
    for worker in workers:
        worker.stdout.readline()
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    return max(float(worker.communicate()[0]) for worker in workers)
