# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A TCP proxy that can be told to misbehave."""

import contextlib
import socket
import threading
import time

from harness import ports

PASS = "pass"
#: Connections are cut, and new ones refused
CUT = "cut"
#: Half open: data disappears without an error
SWALLOW = "swallow"
#: Every chunk of data is delayed by `Proxy.seconds`
DELAY = "delay"

PIECE = 65536


class Proxy(object):
    """Listens on a port of its own and forwards to another one."""

    def __init__(self, name, target):
        """
        :param name: name for messages
        :param target: port on the loopback interface
        """
        self.name = name
        self.target = target
        self.mode = PASS
        self.seconds = 0.0
        self._lock = threading.Lock()
        self._open = set()
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((ports.HOST, 0))
        self._listener.listen(64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def behave(self, mode, seconds=0.0):
        """Change the behaviour, of open connections too.

        :param mode: PASS, CUT, SWALLOW or DELAY
        :param seconds: delay of each chunk of data, for DELAY
        """
        was_bad = self.mode in (SWALLOW, CUT)
        self.seconds, self.mode = seconds, mode
        if mode == CUT or was_bad:
            # Swallowed data is lost, so the connection is useless
            self.cut()

    def cut(self):
        """Cut all current connections."""
        with self._lock:
            pairs, self._open = list(self._open), set()
        for pair in pairs:
            _close(*pair)

    def close(self):
        """Stop listening, and cut all connections."""
        _close(self._listener)
        self.cut()

    def _accept(self):
        while True:
            try:
                near, _address = self._listener.accept()
            except OSError:
                return
            if self.mode == CUT:
                _close(near)
                continue
            threading.Thread(target=self._serve, args=(near,),
                             daemon=True).start()

    def _serve(self, near):
        try:
            far = socket.create_connection((ports.HOST, self.target), 5)
        except OSError:
            return _close(near)
        far.settimeout(None)
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair = (near, far)
        with self._lock:
            self._open.add(pair)
        back = threading.Thread(target=self._pump, args=(far, near, pair),
                                daemon=True)
        back.start()
        self._pump(near, far, pair)

    def _pump(self, source, target, pair):
        with contextlib.suppress(OSError):
            while True:
                piece = source.recv(PIECE)
                if not piece:
                    break
                if self.mode == DELAY:
                    time.sleep(self.seconds)
                if self.mode != SWALLOW:
                    target.sendall(piece)
        with self._lock:
            self._open.discard(pair)
        _close(*pair)


def _close(*ends):
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            end.close()
