# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The configuration files of the cluster's processes, as texts."""

from harness.ports import HOST

ZEO = """\
<zeo>
  address {host}:{port}
  transaction-timeout 30
</zeo>
<filestorage 1>
  path {var}/filestorage/Data.fs
  blob-dir {var}/blobstorage
</filestorage>
<eventlog>
  <logfile>
    path STDOUT
    format %(asctime)s %(levelname)s [%(name)s] %(message)s
  </logfile>
</eventlog>
"""

ZOPE = """\
# Written by tests/harness. Development only: no effective-user.
instancehome {instancehome}
clienthome {clienthome}
debug-mode off
security-policy-implementation C
verbose-security off
default-zpublisher-encoding utf-8
http-header-max-length 8192
zserver-threads {threads}
python-check-interval 1000
enable-product-installation off
pid-filename {clienthome}/zope.pid
lock-filename {clienthome}/zope.lock
<environment>
  CHAMELEON_CACHE {cache}
</environment>
<eventlog>
  level INFO
  <logfile>
    path {log}
    level INFO
    format %(asctime)s %(levelname)s [%(name)s] %(message)s
  </logfile>
</eventlog>
<logger access>
  level WARN
  <logfile>
    path {clienthome}/access.log
    format %(message)s
  </logfile>
</logger>
{http}
{clock}
<zodb_db main>
{storage}
  cache-size 30000
  mount-point /
</zodb_db>
<zodb_db temporary>
  <temporarystorage>
    name temporary storage for sessioning
  </temporarystorage>
  mount-point /temp_folder
  container-class Products.TemporaryFolder.TemporaryContainer
</zodb_db>
"""

#: What a Zope without ZServer understands; its server is told in an .ini
ZOPE_WSGI = """\
# Written by tests/harness. Development only.
instancehome {instancehome}
clienthome {clienthome}
debug-mode off
security-policy-implementation C
verbose-security off
default-zpublisher-encoding utf-8
pid-filename {clienthome}/zope.pid
<environment>
  CHAMELEON_CACHE {cache}
</environment>
<zodb_db main>
{storage}
  cache-size 30000
  mount-point /
</zodb_db>
<zodb_db temporary>
  <temporarystorage>
    name temporary storage for sessioning
  </temporarystorage>
  mount-point /temp_folder
  container-class Products.TemporaryFolder.TemporaryContainer
</zodb_db>
"""

WSGI_INI = """\
[server:main]
use = egg:waitress#main
host = {host}
port = {port}
threads = {threads}

[app:zope]
use = egg:Zope#main
zope_conf = {conf}

[pipeline:main]
pipeline =
    egg:Zope#httpexceptions
    zope

[loggers]
keys = root

[handlers]
keys = eventlog

[formatters]
keys = generic

[logger_root]
level = INFO
handlers = eventlog

[handler_eventlog]
class = FileHandler
args = ('{log}', 'a')
level = INFO
formatter = generic

[formatter_generic]
format = %(asctime)s %(levelname)s [%(name)s] %(message)s
"""

HTTP = """\
<http-server>
  address {host}:{port}
  fast-listen off
</http-server>
"""

CLOCK = """\
<clock-server>
  method /{site}/queue_consume
  period {period}
  user {user}
  password {password}
  host {host}:{port}
</clock-server>
"""

ZEO_STORAGE = """\
  <zeoclient>
    server {host}:{port}
    storage 1
    name {name}
    var {clienthome}
    cache-size 64MB
    blob-dir {var}/blobstorage
    shared-blob-dir on
  </zeoclient>
"""

FILE_STORAGE = """\
  <filestorage>
    path {var}/filestorage/Data.fs
    blob-dir {var}/blobstorage
  </filestorage>
"""

#: What `plone.recipe.zope2instance` writes, plus the slugs of tests/addon
SITE_ZCML = """\
<configure xmlns="http://namespaces.zope.org/zope"
           xmlns:meta="http://namespaces.zope.org/meta"
           xmlns:five="http://namespaces.zope.org/five">
  <include package="Products.Five" />
  <meta:redefinePermission from="zope2.Public" to="zope.Public" />
  <five:loadProducts file="meta.zcml" />
  <five:loadProducts />
  {extra}
  <five:loadProductsOverrides />
  <securityPolicy component="AccessControl.security.SecurityPolicy" />
</configure>
"""


def zeo(var, port):
    """Return the configuration of a ZEO server for the data in `var`."""
    return ZEO.format(host=HOST, var=var, port=port)


def zeo_storage(var, clienthome, name, port):
    """Return the storage section of a ZEO client."""
    return ZEO_STORAGE.format(host=HOST, port=port, name=name, var=var,
                              clienthome=clienthome)


def file_storage(var):
    """Return the storage section of a process without ZEO."""
    return FILE_STORAGE.format(var=var)


def http(port):
    """Return the section of an HTTP server."""
    return HTTP.format(host=HOST, port=port)


def clock(site, port, user, password, period=5):
    """Return the section of the clock that keeps a consumer awake."""
    return CLOCK.format(site=site, period=period, user=user,
                        password=password, host=HOST, port=port)


def zope(instancehome, clienthome, cache, log, storage, http="", clock="",
         threads=2):
    """Return a zope.conf."""
    return ZOPE.format(instancehome=instancehome, clienthome=clienthome,
                       cache=cache, log=log, storage=storage, http=http,
                       clock=clock, threads=threads)


def zope_wsgi(instancehome, clienthome, cache, storage):
    """Return a zope.conf for a process without ZServer."""
    return ZOPE_WSGI.format(instancehome=instancehome, clienthome=clienthome,
                            cache=cache, storage=storage)


def wsgi_ini(port, conf, log, threads=2):
    """Return the .ini of a WSGI server for that zope.conf."""
    return WSGI_INI.format(host=HOST, port=port, conf=conf, log=log,
                           threads=threads)


def site_zcml(packages=()):
    """Return a site.zcml that loads these packages after everything else."""
    extra = "\n  ".join('<include package="{}" />'.format(name)
                        for name in packages)
    return SITE_ZCML.format(extra=extra)
