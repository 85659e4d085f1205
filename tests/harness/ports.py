# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""TCP ports on the loopback interface: free ones, and taken ones explained."""

import socket

HOST = "127.0.0.1"


class PortTaken(Exception):
    """Another program listens on a port that the cluster needs."""


def is_free(port):
    """Tell whether the cluster could listen on this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return not is_open(port)


def is_open(port):
    """Tell whether something accepts connections on this port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def require_free(port, name, variable=None):
    """Raise when a port is taken.

    :param port: the port's number
    :param name: what would listen there, for people
    :param variable: the variable of `make` that chooses another port
    :raises PortTaken: with the way out
    """
    if is_free(port):
        return
    hint = ""
    if variable:
        hint = " Stop that program, or choose another port: make run {}={}" \
            .format(variable, port + 1000)
    raise PortTaken("Port {} (for the {}) is taken by another program.{}"
                    .format(port, name, hint))


def free_ports(count):
    """Return ports that are free now.

    All are held open until all are found, so that no port comes twice.

    :returns: list of int
    """
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((HOST, 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
