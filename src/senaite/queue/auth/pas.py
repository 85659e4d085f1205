# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Logs in the user a signed request is made for; tells who signed a request.

The plugin lives in the site's and in Zope's root `acl_users`, because the user
of a task may be known to either of them. It never raises: a request whose
token is bad is an anonymous one, and the queue's routes answer it with 401.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from AccessControl import ClassSecurityInfo
from AccessControl.class_init import InitializeClass
from AccessControl.Permissions import add_user_folders
from Products.PluggableAuthService import PluggableAuthService
from Products.PluggableAuthService.interfaces.plugins import \
    IAuthenticationPlugin
from Products.PluggableAuthService.interfaces.plugins import IExtractionPlugin
from Products.PluggableAuthService.plugins.BasePlugin import BasePlugin
from Products.PluggableAuthService.utils import classImplements
from requests.auth import AuthBase
from senaite.queue.auth.membership import get_membership
from senaite.queue.auth import server_time
from senaite.queue.auth import signing_keys
from senaite.queue.auth.signer import Signer
from senaite.queue.auth import tokens
from senaite.queue.errors import BadToken
from senaite.queue.errors import ConfigError
from senaite.queue.errors import StaleToken
from senaite.queue import logger
from senaite.queue.model import clock
from senaite.queue.model.fields import to_native
from senaite.queue import PAS_PLUGIN_ID
from senaite.queue.site.portal import get_portal
from ZODB.POSException import POSError

META_TYPE = "SENAITE Queue Auth Plugin"

#: Key of the credentials; no other extraction plugin can produce it
CREDENTIAL = "senaite_queue_user"

#: Where the retry of a request finds the nonce that its first run spent. A
#: client cannot set it: what it sends is named HTTP_* in the environment.
SPENT = "senaite.queue.spent_nonce"

#: Attribute of the request that keeps what was found out about it
MEMO = "_senaite_queue_claims"

#: Attribute of the request that keeps the key it was signed with
KEY_MEMO = "_senaite_queue_key"

nonces = tokens.NonceCache()


class QueueAuth(Signer, AuthBase):
    """Signs requests of the `requests` library to the queue's routes.

    :param username: id of the user the request is made for
    :param key: key to sign with; by default the one of the current site
    """

    def __init__(self, username, key=None):
        super(QueueAuth, self).__init__(
            username, lambda: key or get_site_keys()[0], get_site_mark)


class QueueAuthPlugin(BasePlugin):
    """PAS plugin: extracts and authenticates the user of a signed request."""

    meta_type = META_TYPE
    security = ClassSecurityInfo()

    def __init__(self, id, title=None):
        self._setId(id)
        self.title = title

    @security.private
    def extractCredentials(self, request):
        """Return the user of the token; nothing without a good one."""
        claims = request_claims(request)
        if not claims or not claims["user"]:
            return {}
        user_id = to_native(claims["user"])
        return {"login": user_id, CREDENTIAL: user_id}

    @security.private
    def authenticateCredentials(self, credentials):
        """Return (user id, login) of a user that this acl_users knows."""
        user_id = credentials.get(CREDENTIAL)
        if not user_id or credentials.get("extractor") != self.getId():
            return None
        try:
            user = self._getPAS().getUserById(user_id)
        except POSError:
            # ZEO is away, or there is a conflict: the user may well be known
            raise
        except Exception:
            logger.exception("event=login_failed user=%s", user_id)
            return None
        if user is None:
            return None
        return user.getId(), user.getUserName()


classImplements(QueueAuthPlugin, IExtractionPlugin, IAuthenticationPlugin)
InitializeClass(QueueAuthPlugin)


def manage_addQueueAuthPlugin(dispatcher, id=PAS_PLUGIN_ID, title=None,
                              REQUEST=None):
    """Add the plugin to a user folder."""
    dispatcher._setObject(id, QueueAuthPlugin(id, title))
    if REQUEST is not None:
        REQUEST.RESPONSE.redirect("{}/manage_workspace".format(
            dispatcher.absolute_url()))


def register(context):
    """Make the plugin known to Zope; may be called again.

    :param context: product context of the package's `initialize`
    """
    if META_TYPE not in PluggableAuthService.MultiPlugins:
        PluggableAuthService.registerMultiPlugin(META_TYPE)
    context.registerClass(
        QueueAuthPlugin,
        permission=add_user_folders,
        constructors=(manage_addQueueAuthPlugin,),
        visibility=None)


def install(acl_users):
    """Put the plugin in a user folder, before all others: the user of a signed
    request is the one it was signed for, even if it carries cookies. May be
    repeated.

    :param acl_users: the site's or the root's user folder
    """
    if PAS_PLUGIN_ID not in acl_users.objectIds():
        manage_addQueueAuthPlugin(acl_users)
    plugins = acl_users.plugins
    for interface in (IExtractionPlugin, IAuthenticationPlugin):
        if PAS_PLUGIN_ID not in plugins.listPluginIds(interface):
            plugins.activatePlugin(interface, PAS_PLUGIN_ID)
        plugins.movePluginsTop(interface, [PAS_PLUGIN_ID])


def uninstall(acl_users):
    """Take the plugin out of a user folder. May be repeated."""
    if PAS_PLUGIN_ID in acl_users.objectIds():
        # the user folder deactivates what it loses
        acl_users.manage_delObjects([PAS_PLUGIN_ID])


def request_claims(request):
    """Return who signed this request, and for which user.

    Several user folders and the route ask, the token is verified once.

    :param request: the current request
    :returns: claims (see `tokens.verify_token`), or None without a good token;
        an empty `user` is a request between the processes of the queue
    :rtype: dict
    """
    # Not getattr: a request looks up missing attributes in its form
    known = vars(request)
    if MEMO in known:
        return known[MEMO]
    claims = None
    token = request.getHeader(tokens.HEADER)
    if token:
        try:
            claims = verify(request, token)
        except BadToken as error:
            if isinstance(error, StaleToken):
                tell_time(request, error.nonce)
            logger.warning("event=bad_token method=%s path=%s address=%s",
                           request.environ.get("REQUEST_METHOD"),
                           repr(get_path(request)),
                           request.getClientAddr())
        except ConfigError:
            # logged at start-up; callers ask every second
            pass
        except Exception:
            logger.exception("event=token_not_verified")
    setattr(request, MEMO, claims)
    return claims


def tell_time(request, nonce):
    """Tell a caller that holds the key which time this process counts.

    :param request: the current request, whose token is dated too early or late
    :param nonce: nonce of the token
    """
    request.response.setHeader(server_time.HEADER, server_time.make(
        get_site_keys()[0], nonce, clock.steady(), nonces.process))


def get_signed(request):
    """Return the key and the claims of a signed request.

    :param request: the current request
    :returns: (key, claims), or None when nobody has asked for its claims, or
        it has none
    """
    known = vars(request)
    claims = known.get(MEMO)
    return (known[KEY_MEMO], claims) if claims else None


def is_signed_for_user(request):
    """Tell whether a request was signed with the queue's key and for a user,
    and has been found to be.

    Verifies nothing: the user folder has done so, if the request has a user.

    :param request: the current request, or None
    :rtype: bool
    """
    claims = vars(request).get(MEMO) if request is not None else None
    return bool(claims and claims["user"])


def verify(request, token):
    """Return the claims of the request's token, and spend it.

    :raises BadToken: when it was not made for this request, or was used
    """
    path = get_path(request)
    if tokens.API_ROOT not in path:
        raise BadToken()
    site_keys = get_site_keys()
    # The body is read only for holders of a key
    key = tokens.find_key(site_keys, token)
    environ = request.environ
    route = tokens.join_route(path, environ.get("QUERY_STRING", ""))
    claims = tokens.verify_token(
        site_keys, token, environ.get("REQUEST_METHOD", "GET"), route,
        get_body(request))
    # Zope runs a request that met a conflict again, with the same token
    first_run = vars(request).get("_orig_env", {})
    if not request.retry_count or first_run.get(SPENT) != claims["nonce"]:
        nonces.use(claims)
        first_run[SPENT] = claims["nonce"]
    setattr(request, KEY_MEMO, key)
    return claims


def get_path(request):
    """Return the path as it arrived, unquoted, before any rewriting."""
    return request.environ.get("PATH_INFO", "")


def get_body(request, limit=None):
    """Return the body of a request as it arrived, whatever its type.

    :param request: the current request
    :param limit: maximum number of bytes to read
    :rtype: bytes
    """
    stream = vars(request).get("stdin")
    if stream is None:
        return b""
    position = stream.tell()
    stream.seek(0)
    try:
        return stream.read(-1 if limit is None else limit)
    finally:
        stream.seek(position)


def get_site_mark():
    """Return the mark of this process in the current site; "" without a
    site."""
    portal = get_portal()
    return get_membership(portal).get_mark() if portal is not None else ""


def get_site_keys():
    """Return the keys of the current site.

    :raises ValueError: when there are none, see `signing_keys.get_keys`
    """
    portal = get_portal()
    found = signing_keys.get_keys(portal) if portal is not None else []
    if not found:
        raise ValueError("This site has no key of the queue")
    return found
