# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Queue servers that share a task store: whether they see one database.

A *member* works with the store. A newcomer is a *guest* until a member has
found its mark in the database (see `senaite.queue.auth.process_marks`), or
there is no member. A *stranger* has a mark that a member does not find: it sees
another database, such as a copy, and gets nothing.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

MEMBER = "member"
GUEST = "guest"
STRANGER = "stranger"

#: Seconds after which a server that is not heard of counts as ended. A queue
#: server reports every few seconds while anybody asks it
SILENT_SECONDS = 20

#: Maximum number of strangers, and of silent servers, that are remembered: the
#: latest ones
MOST_REMEMBERED = 20


def is_alive(peer, now, gone=()):
    """Tell whether a server has reported lately.

    :param peer: dict with `id`, `mark`, `place`, `seen`, `since` and `standing`
    :param now: time of the store, as in `seen`
    :param gone: ids of servers that are known to have ended
    """
    # What two servers measure of the store's clock differs by a little
    return peer["id"] not in gone and \
        abs(now - peer["seen"]) < SILENT_SECONDS


def attend(peers, me, now, gone=(), has=None, joins=True):
    """Report of a server.

    :param peers: what is known of the servers
    :param me: dict with the `id`, `mark` and `place` of the one that reports
    :param now: time of the store
    :param gone: ids of servers that are known to have ended
    :param has: id -> whether the database of this one has their mark; only
        those that are sure
    :param joins: False: it does not want to work with the store now
    :returns: what is known then
    :rtype: list of dict
    """
    has = has or {}
    own = dict(me, seen=now, since=now, standing=GUEST)
    others, strangers, silent, before = [], [], [], None
    for peer in peers:
        if peer["id"] == me["id"]:
            before = peer["standing"]
            if is_alive(peer, now) or before == STRANGER:
                own.update(since=peer["since"], standing=peer["standing"])
        elif peer["standing"] == STRANGER:
            strangers.append(dict(peer))
        elif is_alive(peer, now, gone):
            others.append(dict(peer))
        elif peer["id"] not in gone:
            silent.append(dict(peer))
    members = [peer for peer in others if peer["standing"] == MEMBER]
    if before == MEMBER and all(has.get(peer["id"]) for peer in members):
        # nobody has asked it for a while, such as a standby
        own["standing"] = MEMBER
    if own["standing"] == MEMBER:
        _judge(own, others, strangers, has, now)
    elif any(has.get(peer["id"]) for peer in strangers):
        # that one was refused, and has seen our database
        own["standing"] = STRANGER
    members = [peer for peer in others if peer["standing"] == MEMBER]
    if own["standing"] != STRANGER:
        if not joins or sees_another(members, has):
            own["standing"] = GUEST
        elif not members and own["standing"] == GUEST:
            own.update(standing=MEMBER, since=now)
    return [own] + others + _latest(strangers) + _latest(silent)


def leave(peers, server_id):
    """Return what is known of the servers when one has ended.

    A stranger stays one: its next process is told from those of the members
    by its mark.

    :param peers: what is known of the servers
    :param server_id: id of the one that has ended
    :rtype: list of dict
    """
    return [peer for peer in peers if peer["id"] != server_id
            or peer["standing"] == STRANGER]


def _latest(peers):
    return sorted(peers, key=lambda peer: peer["seen"])[-MOST_REMEMBERED:]


def _judge(own, others, strangers, has, now):
    """Decide about the others, as a member."""
    for peer in others:
        found = has.get(peer["id"])
        if peer["standing"] == GUEST and found:
            peer.update(standing=MEMBER, since=now)
        elif found is False and (
                peer["standing"] == GUEST or own["since"] < peer["since"]):
            peer["standing"] = STRANGER
    for peer in strangers[:]:
        if has.get(peer["id"]):
            # ZEO has told us of its mark late
            strangers.remove(peer)
            others.append(dict(peer, standing=GUEST))


def sees_another(members, has):
    """Tell whether one of these members works with another database.

    :param has: as in `attend`
    """
    return any(has.get(peer["id"]) is False for peer in members)
