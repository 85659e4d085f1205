# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The tables of settings and variables, and what wrong values lead to."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import ast
import io
import logging
import os
import unittest

import six

from senaite.queue.auth import tokens
from senaite.queue import config
from senaite.queue.errors import ConfigError
from senaite.queue import logger

try:
    from senaite.queue.consumer import worker
except ImportError:
    worker = None

PACKAGE = os.path.dirname(os.path.abspath(config.__file__))

KEY = "k" * 43 + "="

#: variable -> (good values, wrong values)
VALUES = {
    config.ROLE: (("server", "client"), ("servre", "Server", "queue")),
    config.KEY: ((KEY,), ("typo", KEY[:-1], KEY + "=", "\xe4" * 44)),
    config.STORE: (
        ("sqlite:////var/x.db", "postgresql://u:p@h/db",
         "postgresql+psycopg2://h/db"),
        ("queue.db", "/var/queue.db", "mysql://h/db", "postgres://h/db",
         "postgresql:/h/db", "sqlite:////var/x y.db", "postgresql://h/d b",
         "postgresql://u:p@ h/db")),
    config.STANDALONE: (("on", "off", "OFF"), ("no", "1", "of")),
    config.CONSUMER_URL: (
        ("http://h:8080/senaite", "https://lims.example/", "http://[::1]:1"),
        ("localhost:8080", "http://", "ftp://h/s", "http://h:x/s",
         "http://h:0/s", "http://h:99999/s", "http://[::1", "http://h/s t",
         "http://h h/s")),
    config.CONFLICT_RETRIES: (
        ("0", "3", "100", "off", "Off"), ("-1", "3.5", "many", "101")),
    config.METRICS_TOKEN: (("0123456789abcdef",), ("0123456789abcde",)),
    config.SPEEDUPS: (("on", "off"), ("true", "none")),
    config.STOP_SECONDS: (("0", "8", "600"), ("-1", "601", "8.5", "soon")),
}


class ConfigCase(unittest.TestCase):

    def setUp(self):
        self.zope_conf = {}
        self.addCleanup(setattr, config, "get_product_config",
                        config.get_product_config)
        config.get_product_config = lambda: self.zope_conf
        former = dict((name, os.environ.pop(name)) for name in list(os.environ)
                      if name.startswith(config.VARIABLE_PREFIX))
        self.addCleanup(self.restore, former)

    def restore(self, former):
        for name in list(os.environ):
            if name.startswith(config.VARIABLE_PREFIX):
                del os.environ[name]
        os.environ.update(former)

    def error(self, variable, text):
        os.environ[variable.variable] = text
        with self.assertRaises(ConfigError) as caught:
            config.read(variable)
        return str(caught.exception)


class TestVariables(ConfigCase):

    def test_unset_and_empty_ones_have_the_default(self):
        for variable in config.VARIABLES:
            self.assertEqual(config.read(variable), variable.default)
            self.assertIsNone(config.get_source(variable))
            os.environ[variable.variable] = " "
            self.assertEqual(config.read(variable), variable.default)
        self.assertEqual(config.get_errors(), [])

    def test_good_and_wrong_values(self):
        self.assertEqual(set(VALUES), set(config.VARIABLES))
        for variable, (good, wrong) in VALUES.items():
            for text in good:
                os.environ[variable.variable] = text
                self.assertIsNotNone(config.read(variable))
                self.assertEqual(config.get_errors(), [], text)
            for text in wrong:
                message = self.error(variable, text)
                self.assertIn(variable.variable, message)
                self.assertIn(variable.allowed, message)
                self.assertIn(variable.when_wrong, message)
                self.assertEqual(
                    [error.variable for error in config.get_errors()],
                    [variable])
            del os.environ[variable.variable]

    def test_values_are_converted(self):
        for variable, text, value in (
                (config.STANDALONE, "off", False),
                (config.SPEEDUPS, "On", True),
                (config.CONFLICT_RETRIES, "0", 0),
                (config.CONFLICT_RETRIES, "OFF", config.OFF),
                (config.CONSUMER_URL, "http://h:1/s/", "http://h:1/s"),
                (config.ROLE, " server\n", config.SERVER)):
            os.environ[variable.variable] = text
            self.assertEqual(config.read(variable), value)

    def test_environment_wins_over_zope_conf(self):
        self.zope_conf = {"role": "server"}
        self.assertEqual(config.read(config.ROLE), config.SERVER)
        self.assertEqual(config.get_source(config.ROLE),
                         "'role' in <product-config senaite.queue>")
        os.environ["SENAITE_QUEUE_ROLE"] = "client"
        self.assertEqual(config.read(config.ROLE), config.CLIENT)
        self.assertEqual(config.get_source(config.ROLE), "SENAITE_QUEUE_ROLE")

    def test_error_names_value_source_and_what_is_allowed(self):
        self.assertIn("SENAITE_QUEUE_ROLE is 'servre', but must be 'server' "
                      "or 'client'.", self.error(config.ROLE, "servre"))
        del os.environ["SENAITE_QUEUE_ROLE"]
        self.zope_conf = {"role": "servre"}
        with self.assertRaises(ConfigError) as caught:
            config.read(config.ROLE)
        self.assertIn("'role' in <product-config senaite.queue> is 'servre'",
                      str(caught.exception))

    def test_secrets_are_not_shown(self):
        message = self.error(config.KEY, "typo-in-the-key")
        self.assertNotIn("typo", message)
        self.assertIn("15 characters", message)
        self.assertNotIn("guess", self.error(config.METRICS_TOKEN, "guess"))
        for url in ("postgres://queue:s3cret@db/queue", "queue:s3cret@db",
                    "postgres://queue:s3cret@s3cret@db/queue",
                    "postgres://db/queue?password=s3cret"):
            message = self.error(config.STORE, url)
            self.assertNotIn("s3cret", message)
            self.assertIn("db", message)

    def test_keys_are_those_that_sign(self):
        for key in (tokens.make_key(), KEY, KEY[:-1], "x", KEY + "="):
            os.environ["SENAITE_QUEUE_KEY"] = key
            self.assertEqual(not config.get_errors([config.KEY]),
                             tokens.is_key(key), key)

    def test_read_or_default(self):
        os.environ["SENAITE_QUEUE_STANDALONE"] = "nonsense"
        self.assertIs(config.read_or_default(config.STANDALONE), True)
        os.environ["SENAITE_QUEUE_STANDALONE"] = "off"
        self.assertIs(config.read_or_default(config.STANDALONE), False)

    def test_part_in_the_queue(self):
        for variable, (_good, wrong) in VALUES.items():
            os.environ[variable.variable] = wrong[0]
            if variable in config.CRITICAL:
                self.assertRaises(ConfigError, config.require_part)
            else:
                config.require_part()
            del os.environ[variable.variable]

    def test_typing_errors_in_names_are_found(self):
        os.environ["SENAITE_QUEUE_ROEL"] = "server"
        self.zope_conf = {"role": "server", "stroe": "sqlite://"}
        self.assertEqual(config.get_unknown_names(), [
            "SENAITE_QUEUE_ROEL", "'stroe' in <product-config senaite.queue>"])


class TestStart(ConfigCase):

    def setUp(self):
        super(TestStart, self).setUp()
        self.lines = []
        handler = logging.Handler()
        handler.emit = lambda record: self.lines.append(
            (record.levelname, record.getMessage()))
        logger.addHandler(handler)
        self.addCleanup(logger.removeHandler, handler)

    def test_nothing_is_logged_when_all_is_well(self):
        os.environ["SENAITE_QUEUE_ROLE"] = "server"
        config.on_process_starting(None)
        self.assertEqual(self.lines, [])

    def test_one_error_for_each_wrong_value(self):
        os.environ["SENAITE_QUEUE_ROLE"] = "servre"
        os.environ["SENAITE_QUEUE_KEY"] = "typo-in-the-key"
        os.environ["SENAITE_QUEUE_ROEL"] = "server"
        config.on_process_starting(None)
        levels = [level for level, _line in self.lines]
        self.assertEqual(levels, ["ERROR", "ERROR", "WARNING"])
        for (_level, line), name in zip(
                self.lines, ("ROLE is 'servre'", "KEY is", "ROEL is not")):
            self.assertIn("SENAITE_QUEUE_" + name, line)


@unittest.skipIf(worker is None, "needs the ZODB")
class TestQueueConsumer(ConfigCase):

    def test_wrong_values_keep_it_from_starting(self):
        os.environ["SENAITE_QUEUE_ROLE"] = "servre"
        os.environ["SENAITE_QUEUE_STANDALONE"] = "of"
        with self.assertRaises(SystemExit) as caught:
            worker.main(["-C", os.path.abspath(__file__)])
        first, second = str(caught.exception).splitlines()
        self.assertTrue(first.startswith(
            "queue-consumer: not started: SENAITE_QUEUE_ROLE is 'servre', "
            "but must be 'server' or 'client'."), first)
        self.assertIn("SENAITE_QUEUE_STANDALONE is 'of'", second)

    def test_values_of_zope_conf_count_too(self):
        worker.require_configuration()
        self.zope_conf = {"conflict_retries": "many"}
        with self.assertRaises(SystemExit) as caught:
            worker.require_configuration()
        self.assertIn("'conflict_retries' in <product-config senaite.queue>",
                      str(caught.exception))


class TestSettings(unittest.TestCase):

    def test_each_setting_is_complete(self):
        self.assertEqual(
            len(config.SETTINGS),
            sum(len(settings) for _title, settings in config.GROUPS))
        for name, setting in config.SETTINGS.items():
            self.assertTrue(setting.title and setting.description, name)
            self.assertEqual(setting.clean(setting.default),
                             (setting.default, None), name)
            if setting.kind == config.INTEGER:
                self.assertLess(setting.low, setting.high)

    def test_limits_are_called_what_they_are(self):
        self.assertEqual(
            [config.SETTINGS[name].title for name in (
                "max_uids", config.MIN_ITEMS, "max_items")],
            ["Largest selection", "Minimum number of items to queue",
             "Largest chunk"])

    def test_each_variable_is_complete(self):
        for variable in config.VARIABLES:
            for text in (variable.allowed, variable.description,
                         variable.consequence, variable.default_text,
                         variable.when_wrong):
                self.assertTrue(text, variable.variable)

    def test_wrong_values_of_the_registry_become_usable(self):
        for name, value, used in (
                ("default", 501, 500), ("default", -1, 0),
                ("default", "7", 10), ("default", None, 10),
                ("default", True, 10), ("max_retries", 10 ** 6, 10),
                ("min_items_submit", 0, 1), ("min_items_submit", "9", None),
                ("min_items_submit", 501, 500), ("min_items", None, 5),
                ("speedups", None, True), ("speedups", "no", True),
                ("queued_processes", ("submit", "gone"), ("submit",)),
                ("queued_processes", 5,
                 config.DEFAULTS["queued_processes"]),
                ("top_priority_tasks", ("a", None), ("a",)),
                ("server", 5, config.DEFAULTS["server"])):
            clean, problem = config.SETTINGS[name].clean(value)
            self.assertEqual(clean, used, name)
            self.assertTrue(problem, name)

    def test_what_people_leave_empty_is_fine(self):
        for name, value, used in (
                ("server", None, ""), ("server", "", ""),
                ("queued_processes", None, ()), ("queued_processes", (), ()),
                ("top_priority_tasks", None, ()), ("speedups", False, False),
                ("min_items_submit", None, None)):
            self.assertEqual(
                config.SETTINGS[name].clean(value), (used, None), name)

    def test_each_process_has_a_minimum_of_its_own(self):
        self.assertEqual([name for name, _title in config.MINIMUM_TITLES],
                         list(config.PROCESSES))
        bounds = config.SETTINGS["min_items"]
        for name in config.PROCESSES:
            setting = config.SETTINGS["min_items_" + name]
            self.assertEqual((setting.default, setting.fallback),
                             (None, "min_items"), name)
            self.assertEqual((setting.low, setting.high),
                             (bounds.low, bounds.high), name)
            self.assertFalse(setting.decides_trust, name)

    def test_what_may_be_empty_names_what_counts_instead(self):
        for name, setting in config.SETTINGS.items():
            if setting.fallback is None:
                self.assertIsNotNone(setting.default, name)
                continue
            instead = config.SETTINGS[setting.fallback]
            self.assertIsNone(setting.default, name)
            self.assertIsNone(instead.fallback, name)
            self.assertEqual(instead.kind, setting.kind, name)


class TestAllGoesThroughConfig(unittest.TestCase):
    """No other module reads the environment or the product configuration."""

    #: Sets a variable for tests of other add-ons
    EXEMPT = ("config.py", "testing.py")

    def test_environment(self):
        self.assertEqual(list(self.readers(self.reads_environment)), [])

    def test_product_configuration(self):
        self.assertEqual(list(self.readers(self.reads_product_config)), [])

    def test_the_check_sees_something(self):
        self.assertTrue(any(map(self.reads_environment, ast.walk(ast.parse(
            "import os\nx = os.environ.get('X')")))))
        self.assertTrue(any(map(self.reads_product_config, ast.walk(ast.parse(
            "x = getattr(configuration, 'product_config')")))))

    def readers(self, reads):
        for folder, folders, names in os.walk(PACKAGE):
            folders[:] = [name for name in folders if name != "tests"]
            for name in names:
                path = os.path.join(folder, name)
                short = os.path.relpath(path, PACKAGE)
                if not name.endswith(".py") or short in self.EXEMPT:
                    continue
                with io.open(path, "rb") as source:
                    tree = ast.parse(source.read())
                if any(map(reads, ast.walk(tree))):
                    yield short

    def reads_environment(self, node):
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            return any(name.name in ("environ", "getenv")
                       for name in node.names)
        return isinstance(node, ast.Attribute) and \
            isinstance(node.value, ast.Name) and node.value.id == "os" and \
            node.attr in ("environ", "getenv")

    def reads_product_config(self, node):
        names = ("product_config", "get_product_config")
        if isinstance(node, ast.Attribute):
            return node.attr in names
        text = getattr(node, "s", None)
        return isinstance(text, six.string_types) and text in names


if __name__ == "__main__":
    unittest.main()
