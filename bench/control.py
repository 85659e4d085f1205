# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""How fast this machine is at the moment, and what a second processor is worth.

Two processes that share nothing may take longer than one alone, where
processors share caches, memory and a host with others. It is a look of a
second, so it scatters as well; but a poor speedup of consumers means less
beside a poor one of these.
"""

import subprocess
import sys

#: Many small objects, in an order that no cache knows of, as those of a
#: database; prints a line when it is ready, begins with the first line it
#: reads, and prints the seconds it took
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
    """Have as many processes do the same work at once.

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
