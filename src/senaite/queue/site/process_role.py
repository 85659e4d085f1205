# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""The role of this process in the cluster, and the address at which it
listens.

`senaite.queue.config.ROLE` may say it. Without it, a process whose database no
other process can open is the server, whatever URL the setting "server" has: a
stand-alone site works out of the box. A ZEO client compares that setting with
the address it listens at.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import socket

from senaite.queue import config
from senaite.queue.errors import ConfigError
from senaite.queue.model import clock
from senaite.queue.model import surroundings
from six.moves.urllib.parse import urlsplit

SERVER = config.SERVER
CLIENT = config.CLIENT

#: Seconds for which a host name counts as not local before it is resolved again
RESOLVE_AGAIN_SECONDS = 30

#: Marks requests that did not come through a server (`http.inprocess`)
IN_PROCESS = "senaite.queue.in_process"

LOOPBACK = ("localhost", "127.0.0.1", "::1")

_seen_ports = []
_local_hosts = {}


def is_queue_server():
    """Tell whether this process is the queue server of the current site.

    A process whose role is misspelt is not: whatever it was meant to be, it
    must not start a queue of its own. Pages ask this, too, so a wrong
    configuration is no error here; see `senaite.queue.config`.

    :rtype: bool
    """
    try:
        role = get_configured_role()
    except ConfigError:
        return False
    if role:
        return role == SERVER
    around = surroundings.get()
    url = around.get_setting("server")
    if not url:
        # the queue is off
        return False
    if around.has_own_database():
        return True
    host, port = split_url(url)
    return port in get_ports() and is_local(host)


def get_configured_role():
    """Return the role that the configuration names, or None.

    :raises senaite.queue.errors.ConfigError: when it names neither "server"
        nor "client"
    """
    return config.read(config.ROLE)


def get_base_url():
    """Return the address at which this process can reach itself.

    :returns: e.g. "http://127.0.0.1:8080", or None while it is not known (a
        WSGI process learns it from its first request)
    """
    addresses = get_addresses()
    if not addresses:
        return None
    host, port = addresses[0]
    if host in ("", "0.0.0.0", "::", "localhost"):
        host = "127.0.0.1"
    return "http://{}:{}".format("[%s]" % host if ":" in host else host, port)


def get_site_url(portal):
    """Return the address of the site in this process.

    :param portal: the site
    :returns: e.g. "http://127.0.0.1:8080/senaite", or ""
    """
    base_url = get_base_url()
    path = "/".join(portal.getPhysicalPath())
    return base_url + path if base_url else ""


def get_ports():
    """Return the ports at which this process listens for HTTP.

    :rtype: set of int
    """
    return set(port for _host, port in get_addresses())


def get_addresses():
    """Return (host, port) of the HTTP servers of this process.

    ZServer knows them. The address of a WSGI server is learned from its
    requests, see `observe`.
    """
    from App.config import getConfiguration
    found = []
    for server in getattr(getConfiguration(), "servers", None) or ():
        # Only HTTP servers can name the server of a request
        port = getattr(server, "port", None)
        if port and hasattr(server, "request_server_name"):
            found.append((getattr(server, "ip", None) or "127.0.0.1",
                          int(port)))
    return found or [("127.0.0.1", port) for port in _seen_ports]


def observe(event):
    """Learn from a request at which port this process listens.

    A proxy may have changed the port. Sites with such a proxy need the role in
    the configuration.

    :param event: ZPublisher's IPubStart
    """
    environ = event.request.environ
    if "wsgi.version" not in environ or IN_PROCESS in environ:
        return
    port = environ.get("SERVER_PORT", "")
    if not port.isdigit() or _seen_ports[:1] == [int(port)]:
        return
    # The latest first: requests that did not come through a server, such as
    # those of a test browser, name a port at which nothing listens
    _seen_ports[:] = [int(port)] + [
        seen for seen in _seen_ports if seen != int(port)][:8]


def split_url(url):
    """Return host and port of a URL.

    :returns: ("", None) when it is not a URL
    """
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
        return parts.hostname or "", port
    except ValueError:
        return "", None


def is_local(host):
    """Tell whether a host name is one of this machine.

    Cached, because guards ask for each row of a listing.
    """
    if host in LOOPBACK:
        return True
    local, until = _local_hosts.get(host, (None, 0))
    if local is None or (not local and clock.monotonic() > until):
        local = bool(host) and any(map(can_bind, resolve(host)))
        _local_hosts[host] = (local, clock.monotonic() + RESOLVE_AGAIN_SECONDS)
    return local


def resolve(host):
    """Return the (family, address) pairs of a host; empty when unknown."""
    try:
        found = socket.getaddrinfo(host, None)
    except (socket.error, UnicodeError):
        return []
    return sorted(set((info[0], info[4][0]) for info in found))


def can_bind(family_and_address):
    """Tell whether an address belongs to this machine: others cannot be
    bound."""
    family, address = family_and_address
    try:
        probe = socket.socket(family, socket.SOCK_DGRAM)
    except socket.error:
        return False
    try:
        probe.bind((address, 0))
        return True
    except socket.error:
        return False
    finally:
        probe.close()
