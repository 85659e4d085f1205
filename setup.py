# -*- coding: utf-8 -*-
"""Packaging of senaite.queue."""

import io
import os
import re

from setuptools import find_packages
from setuptools import setup

HERE = os.path.dirname(os.path.abspath(__file__))


def read(name):
    with io.open(os.path.join(HERE, name), encoding="utf-8") as source:
        return source.read()


SOURCE_URL = "https://github.com/senaite/senaite.queue"
DOCS_URL = "https://senaitequeue.readthedocs.io"


def long_description():
    """Return README and CHANGES as the package index can show them.

    In a checkout, README shows pictures and links to other files. The index
    has none of these: pictures go, and links lead to the documentation and
    to the sources.
    """
    text = read("README.rst") + "\n\n" + read("CHANGES.rst")
    text = re.sub(r"(?m)^\.\. image:: docs/.*\n(?:   .*\n)*\n?", "", text)
    text = re.sub(r"<docs/(\w+)\.rst>`_",
                  "<" + DOCS_URL + r"/en/latest/\1.html>`_", text)
    return re.sub(r"<([\w./-]+)>`_",
                  "<" + SOURCE_URL + r"/blob/master/\1>`_", text)


setup(
    name="senaite.queue",
    version="2.6.0.dev0",
    description="Asynchronous tasks for SENAITE LIMS: nobody waits, no click "
                "is lost",
    long_description=long_description(),
    long_description_content_type="text/x-rst",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Web Environment",
        "Framework :: Plone",
        "Framework :: Plone :: 5.2",
        "Framework :: Plone :: Addon",
        "Framework :: Zope :: 4",
        "Intended Audience :: Healthcare Industry",
        "Intended Audience :: Science/Research",
        "License :: OSI Approved :: GNU General Public License v2 (GPLv2)",
        "Operating System :: POSIX",
        "Programming Language :: Python",
        "Programming Language :: Python :: 2",
        "Programming Language :: Python :: 2.7",
    ],
    project_urls={
        "Documentation": DOCS_URL,
        "Source": SOURCE_URL,
        "Issues": SOURCE_URL + "/issues",
        "Changelog": SOURCE_URL + "/blob/master/CHANGES.rst",
    },
    keywords="lims senaite queue asynchronous tasks worker",
    author="senaite.queue contributors",
    url=SOURCE_URL,
    license="GPL-2.0",
    packages=find_packages("src"),
    package_dir={"": "src"},
    namespace_packages=["senaite"],
    include_package_data=True,
    zip_safe=False,
    python_requires=">=2.7, !=3.0.*, !=3.1.*, !=3.2.*, !=3.3.*, !=3.4.*, "
                    "!=3.5.*",
    install_requires=[
        # Lower bounds: what the tests run with, or an older one that has all
        # that is used. Upper bounds: the next line breaks something, or is
        # not for Python 2.7.
        "setuptools",
        # 1.4 is the last line that runs on Python 2.7; the statements are
        # written in its 2.0 style.
        "SQLAlchemy >= 1.4.40, < 2",
        # 3.3 is the last line for Python 2.7, which pip knows by itself;
        # buildout needs the pin of SENAITE. Fernet has not changed since.
        "cryptography >= 3.3",
        # Python 2.7 has no clock of its own that nobody can set.
        "monotonic >= 1.5; python_version < '3'",
        # 0.12 is the last line for Python 2.7; the text format is the same. A 1.0
        # may change it.
        "prometheus_client >= 0.12, < 1",
        # 2.20 is the first one that keeps credentials from leaking in
        # redirects (CVE-2018-18074); adapters and sessions are part of what
        # a new major line may change.
        "requests >= 2.20, < 3",
        # 1.12 has ensure_str and its kind
        "six >= 1.12, < 2",
        # Guards, listings and patches are written against 2.6 of SENAITE:
        # its next minor line has to be looked through first.
        "senaite.lims >= 2.6.0, < 2.7",
        "senaite.core >= 2.6.0, < 2.7",
        "senaite.app.listing >= 2.6.0, < 2.7",
        "senaite.jsonapi >= 2.6.0, < 2.7",
    ],
    extras_require={
        # For a task store in PostgreSQL. 2.8 is the last line of the driver
        # for Python 2.7; who builds it instead installs psycopg2 by hand.
        "postgresql": [
            "psycopg2-binary >= 2.8",
        ],
        "test": [
            "hypothesis",
            "plone.app.testing",
            "senaite.core [test]",
            "unittest2",
        ],
    },
    entry_points={
        "console_scripts": [
            "senaite-queue-move = senaite.queue.storage.transfer:main",
            "senaite-queue-reconcile = "
            "senaite.queue.consumer.reconcile_command:main",
            "queue-consumer = senaite.queue.consumer.worker:main",
        ],
        "z3c.autoinclude.plugin": ["target = plone"],
    },
)
