"""Laboratories without reserved clients: nothing to set, and it works."""

import signal
import subprocess
import tempfile

import pytest
import requests
from harness import paths
from harness.counting import Counter
from harness.plain import Plain
from harness.waiting import eventually


def plain(volunteer=True, **options):
    """Return a set-up, not yet started, with the test add-on loaded.

    :param volunteer: whether the queue server may consume
    """
    env = {"QUEUETEST_DIR": tempfile.mkdtemp(prefix="queuetest-"),
           "SENAITE_QUEUE_STOP_SECONDS": "3"}
    if not volunteer:
        env["SENAITE_QUEUE_STANDALONE"] = "off"
    return Plain(packages=["queuetest"], env=env, **options)


def errors_of(node):
    """Return the lines of a process' logs that tell of something wrong."""
    found = []
    for path in (node.log, node.process.log):
        try:
            with open(path, errors="replace") as log:
                found += [line for line in log
                          if " ERROR " in line or "Traceback" in line]
        except OSError:
            pass
    return found


@pytest.mark.parametrize("wsgi", [False, True], ids=["zserver", "waitress"])
def test_one_process(wsgi):
    """Fresh from the installation, with two threads: the process is server
    and consumer, also while people keep both threads busy, and after it was
    ended in the middle of a task."""
    with plain(wsgi=wsgi) as site:
        counter = Counter(site)
        added = counter.add(tasks=3, items=6, chunk_size=2)
        items = counter.items(added)
        counter.await_once(items)
        counter.await_idle()
        assert len(counter.journal(event="begin")) == 9

        counter.hold()
        added = counter.add(items=4, chunk_size=2)
        items = counter.items(added)
        counter.await_begin(added["tasks"][0]["task_uid"])
        # the chunk is on its way, and both threads are for people
        assert counter.counts(items) == [0] * 4
        site.web.process.signal(signal.SIGTERM)
        eventually(lambda: not site.web.process.is_running,
                   "the process to end", seconds=60)
        counter.release()
        site.web.restart()

        # nobody asks the process for a page: it knows what it has to do
        task_uid = added["tasks"][0]["task_uid"]
        eventually(lambda: len(counter.journal(task_uid, "end")) >= 1,
                   "the task to be done", pause=0.2)
        counter.await_once(items)
        counter.await_idle()
        # the stop was planned: it cost the task nothing
        assert counter.outcomes(task_uid) == ["stopped", "done"]
        assert errors_of(site.web) == []


def test_wsgi_with_consumer_processes():
    """ZEO, a WSGI client that is the queue server by its URL, and consumers
    that systemd would run."""
    with plain(wsgi=True, zeo=True, workers=1, volunteer=False) as site:
        worker = site.workers[0]
        counter = Counter(site)
        added = counter.add(tasks=2, items=4, chunk_size=2)
        counter.await_once(counter.items(added))
        counter.await_idle()
        assert {entry["pid"] for entry in counter.journal(event="end")} == {
            worker.process.pid}

        # SIGTERM: what runs is finished, the rest is for others
        counter.hold()
        added = counter.add(items=6, chunk_size=2)
        items = counter.items(added)
        counter.await_begin(added["tasks"][0]["task_uid"])
        worker.process.signal(signal.SIGTERM)
        eventually(lambda: "event=worker_stopping" in worker.process.tail(),
                   "the consumer to say that it stops")
        counter.release()
        eventually(lambda: not worker.process.is_running,
                   "the consumer to end", seconds=60)
        assert worker.process.popen.returncode == 0
        ended = counter.journal(added["tasks"][0]["task_uid"], "end")
        assert [entry["pid"] for entry in ended] == [worker.process.pid]
        assert errors_of(worker) == []

        worker.start()
        site.await_worker(worker)
        counter.await_once(items)
        counter.await_idle()
        assert errors_of(worker) == errors_of(site.web) == []


def test_zeo_without_reserved_clients():
    """The web client whose address is in the setting keeps the queue, and
    helps itself when nobody else consumes."""
    with plain(zeo=True) as site:
        counter = Counter(site)
        added = counter.add(items=4, chunk_size=2)
        counter.await_once(counter.items(added))
        counter.await_idle()
        assert errors_of(site.web) == []


def test_wrong_configuration_is_told():
    """The LIMS starts, and says that the queue does not work and why;
    `queue-consumer` does not start."""
    site = plain()
    site.env["SENAITE_QUEUE_KEY"] = "typo-in-the-key"
    with site:
        assert requests.get(site.web.url + "/login", timeout=120).ok
        health = requests.get(
            site.web.url + "/@@queue-health?role=server", timeout=120)
        assert health.status_code == 503
        assert health.json()["checks"]["configuration"] == \
            "not valid: SENAITE_QUEUE_KEY"
        told = [line for line in errors_of(site.web)
                if "event=wrong_configuration SENAITE_QUEUE_KEY" in line]
        assert len(told) == 1
        assert "typo" not in told[0]
        ended = subprocess.run(
            [paths.QUEUE_CONSUMER, "-C", site.path("web", "zope.conf")],
            env=dict(site.env, SENAITE_QUEUE_ROLE="servre"), timeout=300,
            stderr=subprocess.PIPE, universal_newlines=True)
        assert ended.returncode == 1
        assert "SENAITE_QUEUE_ROLE is 'servre', but must be" in ended.stderr
        assert "SENAITE_QUEUE_KEY is" in ended.stderr
