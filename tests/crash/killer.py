# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The killer: picks a victim, a moment and a way to strike, by a seed."""

import collections
import random
import signal
import threading
import time

from harness.killpoints import POINTS

from crash.cluster import find_faketime
from crash.cluster import LEASE
from crash.cluster import NODES
from crash.proxy import CUT
from crash.proxy import DELAY
from crash.proxy import PASS
from crash.proxy import SWALLOW

#: Way to strike -> its weight in the random choice
WAYS = collections.OrderedDict((
    ("sigkill", 28), ("point", 25), ("several", 5), ("sigstop", 15),
    ("zombie", 5), ("cut", 12), ("swallow", 8), ("delay", 7),
    ("stop", 10), ("deploy", 4), ("clock", 10)))

#: Seconds by which clocks are set: the hour of a hardware clock in local time,
#: a virtual machine that was resumed, a step of NTP
STEPS = (-7200, -3600, -300, -40, 40, 300, 3600, 7200)

#: Maximum number of broken processes; with more the next strike has to wait
MOST_BROKEN = 2

#: Seconds to wait for a process to reach a kill point
POINT_PATIENCE = 15


class Killer(object):
    """Strikes repeatedly; whatever it breaks recovers without help."""

    def __init__(self, cluster, seed, say, ways=None):
        """
        :param ways: the first strikes, in this order; later ones are chosen
            by the seed
        """
        self.cluster = cluster
        self.random = random.Random(seed)
        self.say = say
        self.ways = dict(WAYS)
        if not find_faketime():
            say("No clock is set: the Debian package faketime is missing")
            del self.ways["clock"]
        self.given = collections.deque(
            way for way in ways or () if way in self.ways)
        self.counts = collections.Counter()
        self._points = collections.deque()
        self._healing = []
        self._lock = threading.Lock()
        self._busy = set()

    @property
    def kills(self):
        """Return how many processes and connections were struck."""
        return sum(self.counts.values())

    def strike(self):
        """Strike the cluster once; a thread repairs the damage later."""
        way = self.given.popleft() if self.given else self.random.choices(
            list(self.ways), list(self.ways.values()))[0]
        victims = getattr(self, "do_" + way)()
        # Several processes that die are several kills
        self.counts[way] += victims.count(",") + 1
        self.say("{:>4}  {:<8} {}".format(self.kills, way, victims))

    def heal(self):
        """Wait until all damage is repaired."""
        for thread in self._healing:
            thread.join()
        self.cluster.make_whole()

    # -- ways ----------------------------------------------------------------

    def do_sigkill(self):
        (node,) = self.take(1)
        self.kill([node])
        return node.name

    def do_several(self):
        nodes = self.take(self.random.randint(2, 4))
        self.kill(nodes)
        return ", ".join(node.name for node in nodes)

    def do_point(self):
        if not self._points:
            self._points.extend(self.random.sample(POINTS, len(POINTS)))
        point, names = self._points.popleft()
        node = self.take(1, names)[0]
        self.cluster.points.arm(point, node.name)
        self.later(self.after_point, point, node)
        return "{} at {}".format(node.name, point)

    def do_sigstop(self):
        (node,) = self.take(1)
        seconds = self.random.choice((2, 5, LEASE + 3))
        self.freeze(node, seconds)
        return "{} for {} s".format(node.name, seconds)

    def do_zombie(self):
        """Stop a consumer right before its commit, until its lease is over
        and another one has the task."""
        (node,) = self.take(1, ("consumer1", "consumer2"))
        self.cluster.points.arm("before_commit", node.name, signal.SIGSTOP)
        self.later(self.after_zombie, node)
        return node.name

    def do_cut(self):
        return self.disturb(CUT, self.random.choice((0.1, 2, 6)))

    def do_swallow(self):
        return self.disturb(SWALLOW, self.random.choice((2, 8, LEASE + 3)))

    def do_delay(self):
        return self.disturb(DELAY, self.random.choice((4, 8)),
                            self.random.choice((0.05, 0.2, 1.0)))

    def do_stop(self):
        """Restart a process as planned."""
        (node,) = self.take(1)
        self.later(self.restart, [node])
        return node.name

    def do_deploy(self):
        """Restart several processes as planned, all at once."""
        nodes = self.take(self.random.randint(2, 4), NODES)
        self.later(self.restart, nodes)
        return ", ".join(node.name for node in nodes)

    def do_clock(self):
        """Set the clock of one process, or of all, and put it right later;
        whatever starts in between starts with the wrong one."""
        names = list(NODES) if self.random.random() < 0.3 else \
            [self.random.choice(NODES)]
        step = self.random.choice(STEPS)
        for name in names:
            self.cluster.set_clock(name, step)
        self.later(self.put_right, names, self.random.choice((5, 15, 30)))
        return "{} by {} s".format(
            names[0] if len(names) == 1 else "all", step)

    # -- tools ---------------------------------------------------------------

    def take(self, number, names=None):
        """Choose processes that are not broken yet; wait for them."""
        while True:
            with self._lock:
                free = [node for node in self.cluster.nodes
                        if node not in self._busy
                        and (names is None or node.name in names)]
                if len(free) >= number and len(self._busy) < MOST_BROKEN:
                    nodes = self.random.sample(free, number)
                    self._busy.update(nodes)
                    return nodes
            time.sleep(0.2)

    def release(self, node):
        with self._lock:
            self._busy.discard(node)

    def later(self, function, *args):
        thread = threading.Thread(target=function, args=args, daemon=True)
        self._healing.append(thread)
        thread.start()

    def kill(self, nodes):
        for node in nodes:
            node.kill()
        order = self.random.sample(nodes, len(nodes))
        pauses = [self.random.uniform(0, 3) for _ in order]
        self.later(self.start_again, list(zip(order, pauses)))

    def restart(self, nodes):
        """Ask processes to end, and start them again."""
        for node in nodes:
            node.process.request_stop()
        for node in nodes:
            node.process.await_stop()
        self.start_again([(node, 0) for node in nodes])

    def put_right(self, names, seconds):
        time.sleep(seconds)
        for name in names:
            self.cluster.set_clock(name, 0)

    def start_again(self, order):
        for node, pause in order:
            time.sleep(pause)
            node.start()
        for node, _pause in order:
            self.await_start(node)
            self.release(node)

    def await_start(self, node):
        """Wait until a process listens; start it again if it has exited."""
        while True:
            try:
                return node.wait()
            except Exception as error:
                # E.g. a Zope that has waited too long for a dead ZEO
                self.say("      {} is restarted: {}".format(
                    node.name, str(error).splitlines()[0]))
                node.kill()
                node.start()

    def after_point(self, point, node):
        self.await_strike(point)
        if self.cluster.points.has_struck(point):
            node.process.popen.wait()
            time.sleep(1)
            node.kill()
            node.restart()
            self.await_start(node)
        self.cluster.points.disarm(point)
        self.release(node)

    def await_strike(self, point):
        limit = time.monotonic() + POINT_PATIENCE
        while time.monotonic() < limit and \
                not self.cluster.points.has_struck(point):
            time.sleep(0.05)

    def freeze(self, node, seconds):
        node.process.signal(signal.SIGSTOP)
        self.later(self.thaw, node, seconds)

    def thaw(self, node, seconds):
        time.sleep(seconds)
        node.process.signal(signal.SIGCONT)
        self.release(node)

    def after_zombie(self, node):
        self.await_strike("before_commit")
        if self.cluster.points.has_struck("before_commit"):
            time.sleep(LEASE + 4)
        self.cluster.points.disarm("before_commit")
        node.process.signal(signal.SIGCONT)
        self.release(node)

    def disturb(self, mode, seconds, delay=0.0):
        proxy = self.random.choice(self.cluster.proxies)
        proxy.behave(mode, delay)
        self.later(self.mend, proxy, seconds)
        return "{} for {} s{}".format(
            proxy.name, seconds, " (+{} s)".format(delay) if delay else "")

    def mend(self, proxy, seconds):
        time.sleep(seconds)
        proxy.behave(PASS)
