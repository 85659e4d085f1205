# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Health for balancers, metrics for Prometheus."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os

import requests
import transaction
from prometheus_client.parser import text_string_to_metric_families
from Products.PluggableAuthService.interfaces.plugins import IExtractionPlugin
from senaite.queue.auth import pas
from senaite.queue.client import agent as agents
from senaite.queue import config
from senaite.queue.consumer import loop
from senaite.queue.errors import DatabaseRefused
from senaite.queue.errors import KeyNotProved
from senaite.queue.errors import NotConnected
from senaite.queue.errors import NotReady
from senaite.queue.errors import ServerFailed
from senaite.queue.errors import ServerRefused
from senaite.queue.model import clock
from senaite.queue.model import restores
from senaite.queue.monitoring import health
from senaite.queue.monitoring import metrics
from senaite.queue.monitoring import question
from senaite.queue import PAS_PLUGIN_ID
from senaite.queue.server import server_utility
from senaite.queue.site import connections
from senaite.queue.site import process_role
from senaite.queue.storage import sqlite
from senaite.queue.tests.integration.httpcase import CONSUMER
from senaite.queue.tests.integration.httpcase import HTTPCase
from senaite.queue.tests import utils

DOCS = os.path.join(os.path.dirname(__file__), *[os.pardir] * 5 + [
    "docs", "monitoring.rst"])


class MonitoringCase(HTTPCase):

    def setUp(self):
        super(MonitoringCase, self).setUp()
        health.forget()
        self.addCleanup(health.forget)

    def page(self, name, caller="anonymous", **kw):
        return requests.get("{}/{}".format(self.url, name), timeout=60,
                            auth=self.credentials(caller), **kw)

    def break_store(self):
        server_utility.forget_utilities()
        self.setenv(config.STORE.variable, "sqlite:////proc/nowhere/tasks.db")


class TestHealth(MonitoringCase):

    def check(self, status, checks, query=""):
        response = self.page("@@queue-health" + query)
        self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(response.json()["checks"], checks)
        return response

    def test_healthy_server(self):
        response = self.check(200, {"store": "ok"})
        self.assertEqual(response.headers["Cache-Control"], "no-store")

    def test_server_without_store(self):
        self.break_store()
        response = self.check(503, {"store": "unavailable"})
        # No details for outsiders
        self.assertNotIn("nowhere", response.text)

    def test_store_is_queried_at_most_once_a_second(self):
        asked = []
        self.patch(health, "_check_store",
                   lambda store: asked.append(1) or {"store": "ok"})
        self.patch(question, "REMEMBER_SECONDS", 3600)
        for _number in range(5):
            self.check(200, {"store": "ok"})
        self.assertEqual(len(asked), 1)

    def test_store_that_refuses_writes(self):
        store = server_utility.get_server_utility(self.portal).store
        self.patch(sqlite, "LEAST_ROOM", 2 ** 62)
        self.check(503, {"store": "refuses writes"})
        self.assertEqual(store.count(), 0)

    def test_paused_queue(self):
        store = server_utility.get_server_utility(self.portal).store
        store.pause("task_action_verify", "boss")
        response = self.check(200, {"store": "ok", "queue": "partly paused"})
        self.assertEqual(response.json()["status"], "degraded")
        health.forget()
        store.pause(None, "boss")
        self.check(200, {"store": "ok", "queue": "paused"})

    def test_restored_backup(self):
        store = server_utility.get_server_utility(self.portal).store
        store.hold(restores.STORE, ("another", 7))
        response = self.check(200, {"store": "ok", "queue": (
            "held, the store is older than the database")})
        self.assertEqual(response.json()["status"], "degraded")

    def test_store_of_another_database(self):
        utility = server_utility.get_server_utility(self.portal)
        self.patch(utility.agreement, "_last", {"kind": restores.FOREIGN})
        # The original's hold, if any, is none of ours
        utility.store.hold(restores.STORE, ("another", 7))
        response = self.check(200, {"store": "ok", "queue": (
            "held, the store belongs to another database")})
        self.assertEqual(response.json()["status"], "degraded")

    def test_consumer_that_takes_no_tasks(self):
        self.setenv(config.ROLE.variable, process_role.CLIENT)
        self.patch(health.view, "outage_seconds", lambda portal: 0)
        self.patch(health.loop, "is_running", lambda site: True)
        agent = agents.get_agent(self.portal)
        consumer = loop.Consumer(connections.Site.of(self.portal), agent,
                                 find_url=lambda portal: "")
        consumer.is_alive = lambda: True
        self.patch(health.loop, "get_consumer", lambda site: consumer)
        for trouble, state in (
                (NotReady("no address"), "not ready"),
                (ValueError("?"), "not ready"),
                (ServerRefused(401, "no"), "does not accept our key"),
                (DatabaseRefused(), "sees another database")):
            consumer._complain(trouble)
            self.check(503, {"consumer": state, "server": "ok"},
                       "?role=consumer")
        consumer._complain(NotConnected("away"))
        self.check(200, {"consumer": "ok", "server": "ok"}, "?role=consumer")

    def test_client_whose_key_is_wrong(self):
        self.setenv(config.ROLE.variable, process_role.CLIENT)
        self.patch(health.view, "outage_seconds", lambda portal: 17.0)
        agent = agents.get_agent(self.portal)
        self.patch(agent, "trouble", ServerRefused(401, "no"))
        self.patch(health.agents, "get_agent", lambda portal: agent)
        self.patch(agent, "tick", lambda everything=False: None)
        for trouble, state in (
                (ServerRefused(401, "no"), "does not accept our key"),
                (DatabaseRefused(), "sees another database"),
                (KeyNotProved("?"), "does not prove that it has our key"),
                (ServerFailed(502, "?"), "answers with an error")):
            # a round that is under way would have a trouble of its own
            with agent._work_lock:
                agent.trouble = trouble
                self.check(200, {"server": state})

    def test_missing_plugin(self):
        """Tasks wait, and a new process would not help."""
        plugins = self.portal.acl_users.plugins
        plugins.deactivatePlugin(IExtractionPlugin, PAS_PLUGIN_ID)
        transaction.commit()
        self.addCleanup(transaction.commit)
        self.addCleanup(pas.install, self.portal.acl_users)
        response = self.check(
            200, {"store": "ok", "plugin": "missing or switched off"})
        self.assertEqual(response.json()["status"], "degraded")

    def test_client_is_healthy_without_a_server(self):
        self.setenv(config.ROLE.variable, process_role.CLIENT)
        self.patch(health.view, "outage_seconds", lambda portal: 17.0)
        self.check(200, {"server": "not reached"})

    def test_consumer_without_loop(self):
        self.setenv(config.ROLE.variable, process_role.CLIENT)
        self.patch(health.view, "outage_seconds", lambda portal: 0)
        self.patch(health.loop, "is_running", lambda site: False)
        self.check(503, {"consumer": "not running", "server": "ok"},
                   "?role=consumer")
        self.patch(health.loop, "is_running", lambda site: True)
        self.check(200, {"consumer": "ok", "server": "ok"}, "?role=consumer")

    def test_no_queue_server(self):
        self.setenv(config.ROLE.variable, process_role.CLIENT)
        self.check(503, {"server": "this process is not a queue server"},
                   "?role=server")

    def test_wrong_key(self):
        """A server or consumer with it is of no use, a client is."""
        self.setenv(config.KEY.variable, "typo-in-the-key")
        self.patch(health.view, "outage_seconds", lambda portal: 17.0)
        self.patch(health.loop, "is_running", lambda site: True)
        wrong = "not valid: SENAITE_QUEUE_KEY"
        response = self.check(503, {"store": "ok", "configuration": wrong})
        self.assertNotIn("typo", response.text)
        self.check(503, {"consumer": "ok", "server": "not reached",
                         "configuration": wrong}, "?role=consumer")
        response = self.check(200, {
            "server": "not reached", "configuration": wrong}, "?role=client")
        self.assertEqual(response.json()["status"], "degraded")

    def test_wrong_role(self):
        self.setenv(config.ROLE.variable, "servre")
        self.patch(health.view, "outage_seconds", lambda portal: 17.0)
        wrong = "not valid: SENAITE_QUEUE_ROLE"
        self.check(503, {"server": "this process is not a queue server",
                         "configuration": wrong}, "?role=server")
        self.assertEqual(self.check(200, {
            "server": "not reached",
            "configuration": wrong}).json()["status"], "degraded")

    def test_wrong_store(self):
        server_utility.forget_utilities()
        self.setenv(config.STORE.variable, "postgres://u:s3cret@h/db")
        response = self.check(503, {
            "store": "unavailable",
            "configuration": "not valid: SENAITE_QUEUE_STORE"})
        self.assertNotIn("s3cret", response.text)
        response = self.call("queue_server/tasks", method="GET",
                             caller="labmanager")
        self.assertEqual(response.status_code, 503)
        self.assertNotIn("s3cret", response.text)

    def test_wrong_value_with_a_safe_default(self):
        self.setenv(config.STANDALONE.variable, "of")
        response = self.check(200, {
            "store": "ok", "configuration": "not valid: "
            "SENAITE_QUEUE_STANDALONE"})
        self.assertEqual(response.json()["status"], "degraded")

    def test_unknown_role(self):
        self.assertEqual(
            self.page("@@queue-health?role=x").status_code, 400)


class TestMetrics(MonitoringCase):

    def figures(self, **kw):
        response = self.page("@@queue-metrics", **kw)
        self.assertEqual(response.status_code, 200, response.text)
        found = {}
        for family in text_string_to_metric_families(response.text):
            for sample in family.samples:
                found[(sample[0],) + tuple(sample[1].values())] = sample[2]
        return found

    def test_metrics_of_the_store(self):
        for _number in range(3):
            self.put()
        self.ask("queue_server/pop", {"consumer_id": CONSUMER})
        found = self.figures(caller="labmanager")
        for key, value in (
                (("store_up",), 1), (("tasks", "queued"), 2),
                (("tasks", "running"), 1), (("tasks", "failed"), 0),
                (("consumers",), 1), (("busy_consumers",), 1),
                (("paused",), 0), (("ended_recent", "done"), 0)):
            key = (metrics.PREFIX + key[0],) + key[1:]
            self.assertEqual(found[key], value, key)
        self.assertGreaterEqual(
            found[(metrics.PREFIX + "oldest_wait_seconds",)], 0)

    def test_wrong_configuration(self):
        name = (metrics.PREFIX + "configuration_errors",)
        self.assertEqual(self.figures(caller="labmanager")[name], 0)
        self.setenv(config.STANDALONE.variable, "of")
        self.assertEqual(self.figures(caller="labmanager")[name], 1)
        self.setenv(config.KEY.variable, "typo-in-the-key")
        self.assertEqual(self.figures(caller="labmanager")[name], 2)

    def test_another_database(self):
        name = (metrics.PREFIX + "database_refused",)
        self.assertEqual(self.figures(caller="labmanager")[name], 0)
        membership = agents.get_agent(self.portal).membership
        self.patch(membership, "is_refused", True)
        self.assertEqual(self.figures(caller="labmanager")[name], 1)

    def test_server_that_is_away(self):
        name = (metrics.PREFIX + "server_reached",)
        agent = utils.hold_agent(self, self.portal)
        self.assertEqual(self.figures(caller="labmanager")[name], 1)
        agent._trouble_since = clock.monotonic() - 10
        self.assertEqual(self.figures(caller="labmanager")[name], 0)

    def test_store_is_down(self):
        self.break_store()
        found = self.figures(caller="labmanager")
        self.assertEqual(found[(metrics.PREFIX + "store_up",)], 0)
        self.assertNotIn((metrics.PREFIX + "tasks", "queued"), found)

    def test_users_with_permission(self):
        for caller in ("anonymous", "contact"):
            self.assertEqual(
                self.page("@@queue-metrics", caller).status_code, 401)

    def test_token(self):
        token = "0123456789abcdef"
        headers = {"Authorization": "Bearer " + token}
        self.assertEqual(self.page(
            "@@queue-metrics", headers=headers).status_code, 401)
        self.setenv(config.METRICS_TOKEN.variable, token)
        self.assertIn((metrics.PREFIX + "store_up",),
                      self.figures(headers=headers))
        for wrong in ("Bearer " + token[:-1], "Bearer ", "Digest " + token):
            self.assertEqual(self.page("@@queue-metrics", headers={
                "Authorization": wrong}).status_code, 401)

    def test_a_short_token_is_ignored(self):
        self.setenv(config.METRICS_TOKEN.variable, "short")
        self.assertEqual(self.page("@@queue-metrics", headers={
            "Authorization": "Bearer short"}).status_code, 401)

    def test_each_metric_is_documented(self):
        with open(DOCS) as source:
            text = source.read()
        for name, _help, _label in \
                metrics.STORE_FIGURES + metrics.PROCESS_FIGURES:
            self.assertIn("``{}{}``".format(metrics.PREFIX, name), text)
