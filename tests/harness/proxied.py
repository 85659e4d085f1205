# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A person who comes to a web client through a reverse proxy.

The proxy shows the site below a path of another host. Names in this host need
no resolver, and its certificate nobody: what it does to a request is done
before the request is sent.
"""

from urllib.parse import urlsplit

from harness.lims import Lims
from requests.adapters import HTTPAdapter

HOST = "lims.example.com"
PATH = "/lab"
URL = "https://" + HOST + PATH

#: The address of the person, as the proxy reports it
ADDRESS = "192.0.2.7"


class Proxy(HTTPAdapter):
    """Passes on requests for `URL` as nginx would, with its rewrite rule for
    Zope's virtual host monster."""

    def __init__(self, site_url):
        """
        :param site_url: address of the site at a web client
        """
        super(Proxy, self).__init__()
        base, _slash, site = site_url.rpartition("/")
        self.prefix = "{}/VirtualHostBase/https/{}:443/{}/VirtualHostRoot/" \
            "_vh_{}".format(base, HOST, site, PATH.strip("/"))

    def send(self, request, **kw):
        parts = urlsplit(request.url)
        if parts.path != PATH and not parts.path.startswith(PATH + "/"):
            raise AssertionError("Not of the site: " + request.url)
        inner = request.copy()
        inner.url = self.prefix + parts.path[len(PATH):]
        if parts.query:
            inner.url += "?" + parts.query
        inner.headers.update({"Host": HOST, "X-Forwarded-For": ADDRESS})
        response = super(Proxy, self).send(inner, **kw)
        response.url, response.request = request.url, request
        return response


class ProxiedLims(Lims):
    """A session of one user at a web client, through the proxy."""

    def __init__(self, site_url, username, password, language="en"):
        """
        :param site_url: address of the site at the web client
        :param language: of the browser
        """
        self.proxy = Proxy(site_url)
        self.language = language
        super(ProxiedLims, self).__init__(URL, username, password)

    def _login(self, password):
        self.session.headers["Accept-Language"] = self.language
        self.session.mount("https://" + HOST, self.proxy)
        super(ProxiedLims, self)._login(password)
