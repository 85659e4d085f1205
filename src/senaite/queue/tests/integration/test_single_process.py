# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""How a task travels through one Zope process: click, outbox, relay, store,
consumer, process endpoint, commit, acknowledgement."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import ast
import logging
import os
import threading
import time
import unittest

import requests
import transaction
from AccessControl import getSecurityManager
from bika.lims import api as senaite_api
from persistent.mapping import PersistentMapping
from plone.app.testing import TEST_USER_ID
from plone.app.testing import TEST_USER_NAME
from plone.app.testing import TEST_USER_PASSWORD
from plone.app.testing import login
from plone.app.testing import setRoles
from Products.PluggableAuthService.interfaces.plugins import \
    IAuthenticationPlugin
from ZODB.POSException import ConflictError
from zope.component import getGlobalSiteManager
from zope.globalrequest import getRequest
from zope.interface import Interface
from zope.testing.loggingsupport import InstalledHandler
from ZPublisher.interfaces import IPubAfterTraversal

from senaite.queue import api
from senaite.queue.auth import pas
from senaite.queue.auth.pas import QueueAuth
from senaite.queue.auth import plugin_check
from senaite.queue.auth import signing_keys
from senaite.queue.client import agent as agents
from senaite.queue.client import view
from senaite.queue import config
from senaite.queue.consumer import attempt
from senaite.queue.consumer import calling
from senaite.queue.consumer.lease import leases
from senaite.queue.consumer import loop as consumers
from senaite.queue.integration import notices
from senaite.queue.interfaces import IQueuedTaskAdapter
from senaite.queue.model.current import current_task
from senaite.queue.model.queue_task import get_chunks_for
from senaite.queue.model import states
from senaite.queue import PAS_PLUGIN_ID
from senaite.queue.records import ledger
from senaite.queue.records import outbox
from senaite.queue.server.server_utility import get_server_utility
from senaite.queue.site import connections
from senaite.queue.testing import eventually
from senaite.queue.testing import QUEUE_WSGI_TESTING

NAME = "task_of_a_test"
PERSON = "test_person"
MANAGER = "test_manager"
SECRET = "s3cr3t-of-the-test"

_work = []


class TestAdapter(object):
    """Runs the functions that a test has set."""

    def __init__(self, context):
        self.context = context

    def process(self, task):
        return _work[0](self.context, task)


class ProcessTestCase(unittest.TestCase):
    """One process with all parts of the queue, and a task whose work the test
    defines."""

    layer = QUEUE_WSGI_TESTING

    def setUp(self):
        self.portal = self.layer["portal"]
        self.url = self.layer.get_url()
        getGlobalSiteManager().registerAdapter(
            TestAdapter, (Interface,), IQueuedTaskAdapter, name=NAME)
        self.addCleanup(
            getGlobalSiteManager().unregisterAdapter,
            TestAdapter, (Interface,), IQueuedTaskAdapter, name=NAME)
        self.portal.acl_users._doAddUser(
            PERSON, "secret-of-the-test", ["Member", "LabClerk"], [])
        setRoles(self.portal, TEST_USER_ID, ["Manager"])
        self.portal.done = PersistentMapping()
        transaction.commit()
        # A WSGI process learns its address from its first request
        requests.get(self.url + "/@@API/senaite/v1/queue_server/tasks")
        login(self.portal, PERSON)
        self.addCleanup(
            self.set_consumer_url,
            os.environ.get(config.CONSUMER_URL.variable))
        self.set_consumer_url(self.url)
        self.attempts = []
        _work[:] = [self.work]

    def tearDown(self):
        agents.stop_all()

    def set_consumer_url(self, url):
        """Say, or no longer say, that this process is a consumer."""
        os.environ.pop(config.CONSUMER_URL.variable, None)
        if url:
            os.environ[config.CONSUMER_URL.variable] = url

    def be_no_consumer(self):
        """Say nothing of consuming; the process works alone, but must not
        consume for that."""
        self.set_consumer_url(None)
        self.addCleanup(os.environ.pop, config.STANDALONE.variable)
        os.environ[config.STANDALONE.variable] = config.OFF

    def work(self, context, task):
        self.attempts.append(task.task_uid)
        done = context.done
        for uid in task.uids:
            done[uid] = done.get(uid, 0) + 1

    def consume(self):
        """Run the consumer loop, as a tick of the clock server does."""
        answer = requests.get(self.url + "/queue_consume", auth=(
            TEST_USER_NAME, TEST_USER_PASSWORD))
        self.assertEqual(answer.status_code, 200)
        return answer.text

    def click(self, **values):
        task = api.add_task(NAME, self.portal, **values)
        transaction.commit()
        return task

    def stored(self, task):
        return get_server_utility(self.portal).store.get(task.task_uid)

    def wait_for(self, task, state=states.DONE):
        def is_there():
            found = self.stored(task)
            if found is None or found.status != state:
                raise AssertionError("{} expected: {!r}".format(state, found))
            return True
        eventually(is_there)
        transaction.begin()
        return self.stored(task)

    def done(self):
        transaction.begin()
        return dict(self.portal.done)

    def post(self, path, **kw):
        return requests.post(
            self.url + "/@@API/senaite/v1/" + path, json={}, **kw)


class TestProcess(ProcessTestCase):

    def test_task_is_processed_once_as_its_user(self):
        seen = []

        def work(context, task):
            self.work(context, task)
            request = getRequest()
            seen.append((getSecurityManager().getUser().getId(),
                         current_task() == task,
                         request.get("queue_tuid") == task.task_uid))
        _work[:] = [work]
        self.assertIn("started", self.consume())
        task = self.click(uids=["a", "b"])
        self.assertEqual(task.username, PERSON)
        self.wait_for(task)
        self.assertEqual(self.done(), {"a": 1, "b": 1})
        self.assertEqual(seen, [(PERSON, True, True)])
        self.assertTrue(ledger.has(self.portal, task.task_uid))
        self.assertFalse(view.queued_view(self.portal).is_queued("a"))
        self.assertIn("runs", self.consume())

    def test_progress_of_a_job_counts_items(self):
        def work(context, task):
            self.work(context, dict_of(task, task.uids[:2]))
            if len(task.uids) > 2:
                api.add_copy(task, uids=task.uids[2:])

        _work[:] = [work]
        self.consume()
        task = self.click(uids=["a", "b", "c"])
        self.wait_for(task)
        store = get_server_utility(self.portal).store
        eventually(lambda: store.job(task.job_uid)["done"] == 3)
        self.assertEqual(self.done(), {"a": 1, "b": 1, "c": 1})

    def test_rest_added_as_a_task_belongs_to_the_job(self):
        """As the documentation of 1.0.x has it, for an empty rest, too."""
        uids = ["item-%02d" % number for number in range(25)]
        chunks, seen = [], []

        def work(context, task):
            chunk, rest = get_chunks_for(task)
            self.work(context, dict_of(task, chunk))
            chunks.append(len(chunk))
            store = get_server_utility(self.portal).store
            seen.append(store.job(task.job_uid)["done"])
            api.add_task(task.name, context, uids=rest, colour="blue",
                         colours=("a", "b"), priority="30", retries="1",
                         word=b"\xc3\xa4")

        _work[:] = [work]
        self.consume()
        task = self.click(uids=uids, chunk_size=10, retries=1, priority=30,
                          ghost=True)
        store = get_server_utility(self.portal).store
        eventually(lambda: store.job(task.job_uid) and
                   store.job(task.job_uid)["done"] == 25)
        eventually(lambda: store.count(states.ACTIVE) == 0)
        self.assertEqual(self.done(), dict.fromkeys(uids, 1))
        self.assertEqual(chunks, [10, 10, 5, 0])
        self.assertEqual(seen[:3], [0, 10, 20])
        job = store.job(task.job_uid)
        self.assertEqual((job["total"], job["done"]), (25, 25))
        tasks = [store.get(uid) for uid in self.attempts]
        for other in tasks:
            self.assertEqual(
                (other.job_uid, other.retries, other.chunk_size,
                 other.priority, other.ghost),
                (task.job_uid, 1, 10, 30, True))
        self.assertEqual(outbox.pending(self.portal), [])

    def test_items_that_are_no_uids(self):
        """As an add-on queues the publication of reports: the data of the
        form in place of uids, which its adapter evaluates."""
        data, numbers = [], []

        def work(context, task):
            self.attempts.append(task.task_uid)
            self.assertEqual(task["uids"], task.uids)
            chunk, rest = get_chunks_for(task)
            data.extend(ast.literal_eval(item) for item in chunk)
            numbers.append(len(rest))
            if rest:
                api.add_copy(task, uids=rest)

        _work[:] = [work]
        self.consume()
        forms = [{u"action": u"save", u"sample": number}
                 for number in range(3)]
        task = self.click(uids=forms, chunk_size=2)
        store = get_server_utility(self.portal).store
        eventually(lambda: store.job(task.job_uid) and
                   store.job(task.job_uid)["done"] == 3)
        eventually(lambda: store.count(states.ACTIVE) == 0)
        self.assertEqual((data, numbers), (forms, [1, 0]))
        self.assertEqual(store.job(task.job_uid)["total"], 3)

    def test_adapter_that_is_a_generator(self):
        """Its work is done, or nothing of it when it fails."""
        def work(context, task):
            for uid in task.uids:
                if uid == "bad":
                    raise ValueError("It broke")
                self.work(context, dict_of(task, [uid]))
                yield uid

        _work[:] = [work]
        self.consume()
        self.wait_for(self.click(uids=["a", "b"]))
        self.assertEqual(self.done(), {"a": 1, "b": 1})
        task = self.click(uids=["c", "bad"], retries=0)
        self.assertIn("It broke", self.wait_for(
            task, states.FAILED).error_message)
        self.assertEqual(self.done(), {"a": 1, "b": 1})

    def test_rest_in_a_free_key_ends_with_an_empty_one(self):
        """As an add-on creates samples, chunk by chunk of records; what it
        passes on is compared as a consumer sees it."""
        seen = []

        def work(context, task):
            seen.append(len(task["records"]))
            if len(seen) > 9:
                raise ValueError("There is no end to it")
            api.add_task(task.name, context, records=task["records"][2:],
                         word=b"\xc3\xa4", priority="5")

        _work[:] = [work]
        self.consume()
        self.click(records=[1, 2, 3])
        store = get_server_utility(self.portal).store
        eventually(lambda: len(seen) > 2 and store.count(states.ACTIVE) == 0)
        self.assertEqual(seen, [3, 1, 0])

    def test_secrets_are_in_no_log(self):
        """Neither of a task that is done nor of one that fails."""
        log = InstalledHandler("", level=logging.DEBUG)
        self.addCleanup(log.uninstall)

        def work(context, task):
            self.work(context, task)
            if task.uids == ["bad"]:
                raise ValueError("It broke")

        _work[:] = [work]
        self.consume()
        good = self.click(uids=["good"], __ac=SECRET,
                          options={"password": SECRET})
        self.wait_for(good)
        bad = self.click(uids=["bad"], __ac=SECRET, retries=0)
        self.wait_for(bad, states.FAILED)
        # The task itself goes on with it
        self.assertEqual(self.stored(bad)["__ac"], SECRET)
        form = logging.Formatter()
        lines = [form.format(record) for record in log.records]
        for task in (good, bad):
            self.assertTrue([line for line in lines
                             if task.task_short_uid in line])
        self.assertTrue([line for line in lines if "It broke" in line])
        self.assertEqual([line for line in lines if SECRET in line], [])
        # Arguments and what else a record carries
        self.assertEqual([record for record in log.records
                          if SECRET in repr(vars(record))], [])

    def test_guards_let_the_requests_of_a_running_task_through(self):
        """Those it signs; a parameter of the request does not help."""
        client = self.portal.clients["client-1"]
        self.portal.acl_users._doAddUser(
            MANAGER, "secret-of-the-test", ["Member", "LabManager"], [])
        transaction.commit()
        login(self.portal, MANAGER)
        found = []

        def work(context, task):
            for auth in ((MANAGER, "secret-of-the-test"), QueueAuth(MANAGER)):
                requests.post(
                    self.url + "/@@API/senaite/v1/update",
                    json={"uid": senaite_api.get_uid(client),
                          "transition": "deactivate",
                          "queue_tuid": task.task_uid}, auth=auth)
                found.append(self.state_of(client))

        _work[:] = [work]
        self.consume()
        self.wait_for(self.click(uids=[senaite_api.get_uid(client)]))
        self.assertEqual(found, ["active", "inactive"])

    def state_of(self, obj):
        """Return the state of an object, as another client sees it."""
        connection = self.portal._p_jar.db().open(
            transaction.TransactionManager())
        try:
            found = connection.root()["Application"].unrestrictedTraverse(
                senaite_api.get_path(obj))
            return found.workflow_history.values()[0][-1]["review_state"]
        finally:
            connection.close()

    def test_failure_after_writing_is_rolled_back(self):
        def work(context, task):
            context.done["half"] = 1
            context.title = "half done"
            api.add_copy(task, uids=["follow-up"])
            raise ValueError(u"It broke \u2622")
        _work[:] = [work]
        self.consume()
        task = self.click(retries=0)
        found = self.wait_for(task, states.FAILED)
        self.assertIn(u"It broke \u2622", found.error_message)
        self.assertEqual(self.done(), {})
        self.assertNotEqual(self.portal.title, "half done")
        self.assertFalse(ledger.has(self.portal, task.task_uid))
        self.assertEqual(outbox.pending(self.portal), [])
        self.assertEqual(get_server_utility(self.portal).store.count(
            states.ACTIVE), 0)

    def test_conflicts_are_retried_immediately(self):
        def work(context, task):
            self.work(context, task)
            if len(self.attempts) < 3:
                raise ConflictError()
        _work[:] = [work]
        self.consume()
        task = self.click(uids=["a"])
        self.wait_for(task)
        self.assertEqual(self.done(), {"a": 1})
        self.assertEqual(len(self.attempts), 3)
        self.assertEqual(len(get_server_utility(
            self.portal).store.attempts(task.task_uid)), 1)

    def test_whatever_the_work_raises_is_its_failure(self):
        class Unspeakable(Exception):
            def __str__(self):
                raise ValueError("no text")

            __unicode__ = __repr__ = __str__

        class OldStyle:
            """Has no base class, on Python 2."""

        key = connections.Site.of(self.portal).key
        for error in (SystemExit(3), KeyboardInterrupt(), GeneratorExit(),
                      Unspeakable(), OldStyle()):
            def work(context, task):
                self.work(context, task)
                raise error
            _work[:] = [work]
            task = self.click(uids=["a"])
            lease = leases.hold(key, task, "c/1")
            self.addCleanup(leases.release, lease)
            answer = self.post("queue_consumer/process/" + task.task_uid,
                               auth=self.signer(PERSON)).json()
            self.assertEqual(answer["outcome"], "failed", answer)
            self.assertEqual(answer["kind"], "error")
            self.assertIn("raise error", answer["traceback"])
            self.assertTrue(answer["error_message"])
        self.assertEqual(self.done(), {})

    def test_task_of_a_deleted_user_fails_immediately(self):
        task = self.click(uids=["a"])
        self.wait_for(task, states.QUEUED)
        self.portal.acl_users.source_users.removeUser(PERSON)
        transaction.commit()
        self.consume()
        found = self.wait_for(task, states.FAILED)
        self.assertIn(PERSON, found.error_message)
        self.assertEqual(self.done(), {})

    def test_task_without_adapter_fails_immediately(self):
        task = self.click(uids=["a"])
        getGlobalSiteManager().unregisterAdapter(
            TestAdapter, (Interface,), IQueuedTaskAdapter, name=NAME)
        self.consume()
        found = self.wait_for(task, states.FAILED)
        self.assertIn(NAME, found.error_message)

    def test_second_attempt_at_a_finished_task_does_nothing(self):
        task = self.click(uids=["a"])
        self.wait_for(task, states.QUEUED)
        lease = leases.hold(connections.Site.of(self.portal).key, task, "c/1")
        self.addCleanup(leases.release, lease)
        answers = [self.post("queue_consumer/process/" + task.task_uid,
                             auth=self.signer(PERSON)).json()
                   for _number in range(2)]
        self.assertEqual([answer["outcome"] for answer in answers],
                         ["done", "already"])
        self.assertEqual(self.done(), {"a": 1})

    def test_lost_lease_is_not_committed(self):
        task = self.click(uids=["a"])
        site_key = connections.Site.of(self.portal).key
        lease = leases.hold(site_key, task, "c/1")

        def work(context, task):
            self.work(context, task)
            leases.lose(lease)
        _work[:] = [work]
        answer = self.post("queue_consumer/process/" + task.task_uid,
                           auth=self.signer(PERSON)).json()
        self.assertEqual(answer["kind"], "lease_lost")
        self.assertEqual(self.done(), {})
        leases.release(lease)

    def test_concurrent_attempts_commit_once(self):
        # A zombie and its retry, in two processes: two registries
        task = self.click(uids=["a"])
        both = threading.Event()
        met = []

        def work(context, task):
            self.work(context, task)
            met.append(1)
            if len(met) == 2:
                both.set()
            both.wait(10)
        _work[:] = [work]
        key = connections.Site.of(self.portal).key
        answers = []

        def attempt():
            answers.append(self.post(
                "queue_consumer/process/" + task.task_uid,
                auth=self.signer(PERSON)).json())
        threads = []
        held = []
        for number in range(2):
            # The former lease is lost by design; here it belongs to another
            lease = leases.hold(key, task, "c/%s" % number)
            for former in held:
                former.lost = False
            held.append(lease)
            thread = threading.Thread(target=attempt)
            thread.start()
            threads.append(thread)
            eventually(lambda: len(met) > number or both.is_set())
        for thread in threads:
            thread.join()
        leases.release(held[-1])
        self.assertEqual(sorted(a["outcome"] for a in answers),
                         ["already", "done"])
        self.assertEqual(self.done(), {"a": 1})

    def test_task_without_a_lease_is_refused(self):
        task = self.click()
        path = "queue_consumer/process/" + task.task_uid
        self.assertEqual(self.post(path).status_code, 401)
        self.assertEqual(self.post(path, auth=(
            TEST_USER_NAME, TEST_USER_PASSWORD)).status_code, 403)
        self.assertEqual(
            self.post(path, auth=self.signer(PERSON)).status_code, 412)

    def test_task_of_another_user_is_refused(self):
        task = self.click(uids=["a"])
        lease = leases.hold(connections.Site.of(self.portal).key, task, "c/1")
        self.addCleanup(leases.release, lease)
        answer = self.post("queue_consumer/process/" + task.task_uid,
                           auth=self.signer(TEST_USER_ID)).json()
        self.assertEqual(answer["kind"], "fatal")
        self.assertEqual(self.done(), {})

    def test_consumer_view_requires_the_permission(self):
        answer = requests.get(self.url + "/queue_consume",
                              auth=(PERSON, "secret-of-the-test"),
                              allow_redirects=False)
        self.assertNotEqual(answer.status_code, 200)
        self.assertFalse(consumers.is_running(connections.Site.of(self.portal)))

    def test_process_that_is_no_consumer_does_not_become_one(self):
        self.be_no_consumer()
        for path in ("/queue_consume",
                     "/@@API/senaite/v1/queue_consumer/consume"):
            answer = requests.get(self.url + path, auth=(
                TEST_USER_NAME, TEST_USER_PASSWORD))
            self.assertEqual(answer.status_code, 403)
            self.assertIn("not a consumer", answer.text)
        self.assertFalse(consumers.is_running(
            connections.Site.of(self.portal)))

    def test_cookies_make_no_consumer(self):
        session = requests.Session()
        session.post(self.url + "/login", data={
            "__ac_name": TEST_USER_NAME, "__ac_password": TEST_USER_PASSWORD,
            "buttons.login": "Log in"})
        self.assertIn("__ac", session.cookies)
        for auth in (None, (TEST_USER_NAME, "wrong"), (PERSON, "x"),
                     (PERSON, "secret-of-the-test")):
            for path in ("/queue_consume", "/queue_dispatcher",
                         "/@@API/senaite/v1/queue_consumer/consume"):
                answer = session.get(self.url + path, auth=auth,
                                     allow_redirects=False)
                self.assertNotEqual(answer.status_code, 200, (auth, path))
        self.assertFalse(consumers.is_running(
            connections.Site.of(self.portal)))
        self.assertIn("started", self.consume())

    def test_process_with_a_clock_is_meant_to_consume(self):
        class Clock(object):
            method = "/senaite/queue_consume?x=1"

        from App.config import getConfiguration
        configuration = getConfiguration()
        self.be_no_consumer()
        self.assertFalse(calling.is_meant_to_consume())
        former = getattr(configuration, "servers", None)
        self.addCleanup(setattr, configuration, "servers", former)
        configuration.servers = [object(), Clock()]
        self.assertTrue(calling.is_meant_to_consume())
        Clock.method = "/senaite/pack_something"
        self.assertFalse(calling.is_meant_to_consume())

    def test_tasks_wait_while_the_plugin_is_missing(self):
        self.addCleanup(setattr, attempt, "READY_SECONDS",
                        attempt.READY_SECONDS)
        attempt.READY_SECONDS = 0.1
        for break_it in (
                lambda folder: folder.manage_delObjects([PAS_PLUGIN_ID]),
                lambda folder: folder.plugins.deactivatePlugin(
                    IAuthenticationPlugin, PAS_PLUGIN_ID)):
            transaction.begin()
            break_it(self.portal.acl_users)
            transaction.commit()
            self.assertEqual(plugin_check.find_broken(self.portal),
                             ["/plone/acl_users"])
            self.assertTrue(any("senaite_queue_auth" in notice.mapping.values()
                                for notice in notices.get_notices()
                                if notice.mapping))
            task, other = self.click(uids=["a"]), self.click(uids=["b"])
            self.consume()
            self.wait_for(task, states.RUNNING)
            time.sleep(1)
            for waiting in (task, other):
                found = self.stored(waiting)
                self.assertIn(found.status, states.ACTIVE)
                self.assertEqual(found.retries, task.retries)
            self.assertEqual(self.attempts, [])
            transaction.begin()
            pas.install(self.portal.acl_users)
            transaction.commit()
            self.assertEqual(plugin_check.find_broken(self.portal), [])
            for waiting in (task, other):
                self.assertEqual(self.wait_for(waiting).retries, task.retries)
            del self.attempts[:]

    def test_plugin_is_put_back_while_a_task_is_refused(self):
        """After its user was not logged in, and before anybody looks why."""
        self.addCleanup(setattr, attempt, "READY_SECONDS",
                        attempt.READY_SECONDS)
        attempt.READY_SECONDS = 0.1
        transaction.begin()
        self.portal.acl_users.manage_delObjects([PAS_PLUGIN_ID])
        transaction.commit()
        site = connections.Site.of(self.portal)
        repaired = []

        def repair(event):
            if not repaired and "/queue_consumer/process/" in \
                    event.request["PATH_INFO"] and \
                    not event.request["PATH_INFO"].endswith("/none"):
                repaired.append(True)
                site.write(lambda portal: pas.install(portal.acl_users),
                           "The plugin is put back")
        manager = getGlobalSiteManager()
        manager.registerHandler(repair, (IPubAfterTraversal,))
        self.addCleanup(manager.unregisterHandler, repair,
                        (IPubAfterTraversal,))
        task = self.click(uids=["a"])
        self.consume()
        self.assertEqual(self.wait_for(task).retries, task.retries)
        self.assertTrue(repaired)

    def test_user_who_is_gone_fails_for_good_all_the_same(self):
        transaction.begin()
        self.portal.acl_users._doAddUser("leaver", "x" * 12, ["Member"], [])
        transaction.commit()
        task = self.click(uids=["a"], username="leaver")
        transaction.begin()
        self.portal.acl_users.userFolderDelUsers(["leaver"])
        self.portal.acl_users.manage_delObjects([PAS_PLUGIN_ID])
        transaction.commit()
        self.consume()
        found = self.wait_for(task, states.FAILED)
        self.assertIn("does not exist any more", found.error_message)

    def signer(self, user_id):
        return QueueAuth(user_id, signing_keys.get_key(self.portal))


def dict_of(task, uids):
    """Return a task with other uids, under the same task uid."""
    copy = type(task)(task)
    copy["uids"] = uids
    return copy
