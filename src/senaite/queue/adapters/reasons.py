# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Why a transition of an object is not possible, in the terms of the guards of
SENAITE.

Guards answer yes or no. This module asks what they look at, in their order,
for an object that they have refused.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from AccessControl import getSecurityManager
from bika.lims import api
from bika.lims.interfaces import IGuardAdapter
from bika.lims.interfaces.analysis import IRequestAnalysis
from bika.lims.workflow.analysis import guards
from transaction.interfaces import TransientError
from ZODB.POSException import POSError
from zope.component import getAdapters

from senaite.queue import logger
from senaite.queue.model import left_out
from senaite.queue.model.fields import to_text

#: Actions that verify results
VERIFYING = ("verify", "multi_verify", "retest")

#: Actions that need the dependents to follow
FOLLOWED = ("retract", "retest", "reject")


def explain(obj, action):
    """Return why a transition is not possible for the current user.

    :param obj: content object, for which it was refused
    :param action: id of the transition
    :returns: dict with `reason` (see `senaite.queue.model.left_out`) and what
        belongs to it
    :rtype: dict
    :raises TransientError, POSError: when the database cannot be read now
    """
    try:
        return _explain(obj, action)
    except (TransientError, POSError):
        # Nobody knows whether it would have been allowed: such as when ZEO is
        # away, or when an object cannot be read
        raise
    except Exception:
        # Guards of other add-ons may raise anything, and nobody loses more
        # than the details
        logger.warning("event=reason_unknown object=%s action=%s",
                       api.get_path(obj), action, exc_info=True)
        return {"reason": left_out.NOT_ALLOWED}


def _explain(obj, action):
    transition = _find_transition(obj, action)
    if transition is None:
        return _tell_state(obj)
    permissions = transition.guard.permissions if transition.guard else ()
    check = getSecurityManager().checkPermission
    if permissions and not any(check(name, obj) for name in permissions):
        return {"reason": left_out.NOT_PERMITTED}
    for name, adapter in getAdapters((obj,), IGuardAdapter):
        if adapter.guard(action) is False:
            return {"reason": left_out.VETOED, "where": to_text(name)}
    # Analyses of all kinds have results; samples and worksheets do not
    if getattr(obj, "getNumberOfRemainingVerifications", None) is None:
        return {"reason": left_out.NOT_ALLOWED}
    if action == "submit":
        return _explain_submission(obj)
    if action in VERIFYING:
        return _explain_verification(obj, action)
    if action in FOLLOWED:
        return {"reason": left_out.DEPENDENTS}
    return {"reason": left_out.NOT_ALLOWED}


def _find_transition(obj, action):
    """Return a transition that starts in the state of an object, or None."""
    for workflow in api.get_tool("portal_workflow").getWorkflowsFor(obj):
        state = workflow._getWorkflowStateOf(obj)
        if state is not None and action in state.transitions:
            return workflow.transitions.get(action)
    return None


def _tell_state(obj):
    entry = find_entry(obj) or {}
    return tell(left_out.IN_STATE, entry, state=to_text(
        api.get_workflow_status_of(obj)))


def tell(reason, entry, **values):
    """Return a reason with who did it, and when.

    :param entry: entry of the history of a workflow
    """
    at = entry.get("time")
    return dict(values, reason=reason, user=to_text(entry.get("actor") or u""),
                at=float(at) if at is not None else None)


def find_entry(obj, action=None):
    """Return the entry of an object's history by which it has come into its
    state, or None.

    :param action: id of a transition: return the latest entry of this one
        since then, if there is any
    """
    state = api.get_workflow_status_of(obj)
    found = None
    for entry in api.get_review_history(obj, rev=True):
        if entry.get("review_state") != state:
            break
        if action is None:
            found = entry
        elif entry.get("action") == action:
            return entry
    return found


def _explain_submission(analysis):
    interims = analysis.getInterimFields() or ()
    if not analysis.getResult() or any(
            not interim.get("value") for interim in interims
            if not _may_be_empty(interim)):
        return {"reason": left_out.NO_RESULT}
    if not analysis.getAttachment() and analysis.getAttachmentRequired():
        return {"reason": left_out.NO_ATTACHMENT}
    if IRequestAnalysis.providedBy(analysis):
        is_there = analysis.isSampleSampled \
            if analysis.getPointOfCapture() == "field" \
            else analysis.isSampleReceived
        if not is_there():
            return {"reason": left_out.NOT_RECEIVED}
    if not api.get_setup().getAllowToSubmitNotAssigned() and \
            not guards.user_has_super_roles():
        analyst = analysis.getAnalyst()
        if not analyst:
            return {"reason": left_out.NOT_ASSIGNED}
        if analyst != api.get_current_user().getId():
            return {"reason": left_out.ASSIGNED_TO, "user": to_text(analyst)}
    return _explain_dependencies(analysis, guards.is_submitted_or_submittable)


def _may_be_empty(interim):
    return interim.get("allow_empty") in ("true", "1", "on", "True", True, 1)


def _explain_verification(analysis, action):
    if guards.was_submitted_by_current_user(analysis) and \
            not analysis.isSelfVerificationEnabled():
        return {"reason": left_out.OWN_RESULTS}
    is_one_of_several = action == "multi_verify" or \
        analysis.getNumberOfRequiredVerifications() > 1
    if is_one_of_several and (
            guards.was_verified_by_current_user(analysis)
            and not guards.is_multi_verification_allowed(analysis)
            or guards.current_user_was_last_verifier(analysis)
            and not guards.is_consecutive_multi_verification_allowed(
                analysis)):
        return {"reason": left_out.VERIFIED_BEFORE}
    if action == "retest" and _find_transition(analysis, "verify") and \
            guards.guard_verify(analysis):
        return {"reason": left_out.DEPENDENTS}
    return _explain_dependencies(analysis, guards.is_verified_or_verifiable)


def _explain_dependencies(analysis, is_ready):
    if all(is_ready(dependency) for dependency in analysis.getDependencies()):
        return {"reason": left_out.NOT_ALLOWED}
    return {"reason": left_out.DEPENDENCIES}
