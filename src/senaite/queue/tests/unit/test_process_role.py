# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Detection of the queue server, by its configuration or by the address on
which it listens."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import socket
import unittest

from senaite.queue import config
from senaite.queue.errors import ConfigError
from senaite.queue.model import surroundings
from senaite.queue.site import process_role


class Event(object):
    """The event of an incoming request."""

    def __init__(self, **environ):
        self.request = self
        self.environ = dict((key.replace("__", "."), value)
                            for key, value in environ.items())


class Site(surroundings.Surroundings):
    """A site with a queue server URL in its settings."""

    def __init__(self, url):
        self.url = url

    def get_setting(self, name):
        return self.url if name == "server" else None


class RolesCase(unittest.TestCase):

    def setUp(self):
        self.ports = [("127.0.0.1", 8080)]
        self.patch("get_addresses", lambda: self.ports)
        self.zope_conf = {}
        self.addCleanup(setattr, config, "get_product_config",
                        config.get_product_config)
        config.get_product_config = lambda: self.zope_conf
        self.patch("_local_hosts", {})
        former = os.environ.pop(config.ROLE.variable, None)
        self.addCleanup(self.restore, former)
        self.addCleanup(surroundings.provide, surroundings.get())

    def restore(self, former):
        os.environ.pop(config.ROLE.variable, None)
        if former is not None:
            os.environ[config.ROLE.variable] = former

    def patch(self, name, value):
        self.addCleanup(setattr, process_role, name, getattr(process_role, name))
        setattr(process_role, name, value)

    def is_server(self, url):
        surroundings.provide(Site(url))
        return process_role.is_queue_server()


class TestRole(RolesCase):

    def test_server_is_recognised_by_its_address(self):
        self.assertTrue(self.is_server("http://localhost:8080/senaite"))
        self.assertTrue(self.is_server("http://127.0.0.1:8080/"))
        self.assertFalse(self.is_server("http://localhost:8081/senaite"))
        self.assertFalse(self.is_server("http://192.0.2.1:8080/senaite"))
        self.assertFalse(self.is_server("http://no-such.invalid:8080/x"))

    def test_own_host_name_is_recognised(self):
        self.patch("resolve", lambda host: [(socket.AF_INET, "127.0.0.1")])
        self.assertTrue(self.is_server("http://lims.example:8080/senaite"))

    def test_url_without_port_means_the_default_port(self):
        self.ports = [("0.0.0.0", 80)]
        self.assertTrue(self.is_server("http://localhost/senaite"))
        self.assertFalse(self.is_server("https://localhost/senaite"))

    def test_invalid_url_matches_no_process(self):
        for url in ("", "x", "http://", "localhost:8080", "http://x:y/",
                    "http://[::1", "http://localhost:99999999/"):
            self.assertFalse(self.is_server(url), url)

    def test_process_without_known_port_is_not_the_server(self):
        self.ports = []
        self.assertFalse(self.is_server("http://localhost:8080/senaite"))

    def test_configuration_wins_over_the_address(self):
        here, elsewhere = "http://localhost:8080/s", "http://192.0.2.1/s"
        self.zope_conf = {"role": process_role.SERVER}
        self.assertTrue(self.is_server(elsewhere))
        os.environ[config.ROLE.variable] = process_role.CLIENT
        self.assertFalse(self.is_server(here))

    def test_misspelt_role_is_an_error(self):
        os.environ[config.ROLE.variable] = "servant"
        with self.assertRaises(ConfigError) as caught:
            process_role.get_configured_role()
        self.assertEqual(caught.exception.source, "SENAITE_QUEUE_ROLE")

    def test_process_with_a_misspelt_role_is_not_a_queue_server(self):
        """Pages ask for the role: they must not break."""
        os.environ[config.ROLE.variable] = "servant"
        self.assertFalse(self.is_server("http://localhost:8080/s"))

    def test_name_service_is_queried_once(self):
        asked = []
        self.patch("resolve", lambda host: asked.append(host) or [])
        for _ in range(5):
            self.is_server("http://lims.example:8080/senaite")
        self.assertEqual(asked, ["lims.example"])


class TestAddress(RolesCase):

    def test_base_url_is_built_from_host_and_port(self):
        for address, url in (
                (("127.0.0.1", 8080), "http://127.0.0.1:8080"),
                (("0.0.0.0", 8080), "http://127.0.0.1:8080"),
                (("10.0.0.1", 80), "http://10.0.0.1:80"),
                (("::1", 80), "http://[::1]:80")):
            self.ports = [address]
            self.assertEqual(process_role.get_base_url(), url)
        self.ports = []
        self.assertEqual(process_role.get_base_url(), None)

    def test_address_is_learned_from_wsgi_requests(self):
        self.patch("_seen_ports", [])
        process_role.observe(Event(SERVER_PORT="1234"))
        process_role.observe(Event(wsgi__version=(1, 0), SERVER_PORT="Clock"))
        self.assertEqual(process_role._seen_ports, [])
        for _ in range(2):
            process_role.observe(Event(wsgi__version=(1, 0), SERVER_PORT="8080"))
        self.assertEqual(process_role._seen_ports, [8080])
