"""The acts of one click. Each: fetch guarded, act, back."""

from typing import Any

from flask import request
from flask_login import current_user

from helpdesk.accounts.models import Agent
from helpdesk.cases.access import case_for, queue_for
from helpdesk.cases.claim import assign, claim, claim_next, release
from helpdesk.cases.close import close, reopen
from helpdesk.cases.errors import NotRead
from helpdesk.cases.merge import keep_apart, merge, unmerge
from helpdesk.cases.web import stale_page, web
from helpdesk.cases.where import back
from helpdesk.core.db import db
from helpdesk.core.errors import InvalidInput
from helpdesk.core.i18n import _
from helpdesk.core.i18n import lazy as _l


@web.post("/cases/claim-next")
def claim_next_case() -> Any:
    """The one that has waited longest becomes mine, and is shown."""
    slug = request.args.get("queue")
    case = claim_next(current_user, queue_for(current_user, slug) if slug else None)
    return back(case, _("#%(number)s is yours.", number=case.number), undo="release_case")


@web.post("/cases/<int:number>/claim")
def claim_case(number: int) -> Any:
    case = case_for(current_user, number)
    claim(case, by=current_user)
    return back(case, _("#%(number)s is yours.", number=number), undo="release_case")


@web.post("/cases/<int:number>/release")
def release_case(number: int) -> Any:
    case = case_for(current_user, number)
    release(case, by=current_user)
    return back(case, _("#%(number)s is unclaimed again.", number=number), undo="claim_case")


@web.post("/cases/<int:number>/assign")
def assign_case(number: int) -> Any:
    case = case_for(current_user, number)
    to = db.session.get(Agent, request.form.get("agent_id", 0, type=int))
    if to is None:
        raise InvalidInput(_l("Choose a colleague first."))
    assign(case, to, by=current_user)
    return back(case, _("#%(number)s is now with %(name)s.", number=number, name=to.name))


@web.post("/cases/<int:number>/close")
def close_case(number: int) -> Any:
    case = case_for(current_user, number)
    try:
        close(case, current_user, seen=request.form.get("seen", type=int))
    except NotRead as unread:
        return stale_page(case, unread), unread.http_status
    return back(case, _("#%(number)s is closed.", number=number), undo="reopen_case")


@web.post("/cases/<int:number>/reopen")
def reopen_case(number: int) -> Any:
    case = case_for(current_user, number)
    reopen(case, by=current_user)
    return back(case, _("#%(number)s is open again.", number=number), undo="close_case")


@web.post("/cases/<int:number>/merge")
def merge_case(number: int) -> Any:
    case = case_for(current_user, number)
    into = case_for(current_user, request.form.get("into", 0, type=int))
    target = merge(case, into, by=current_user)
    return back(target, _("#%(number)s is merged into #%(into)s.", number=number, into=target.number))


@web.post("/cases/<int:number>/unmerge")
def unmerge_case(number: int) -> Any:
    case = unmerge(case_for(current_user, number), by=current_user)
    return back(case, _("#%(number)s stands alone again.", number=number))


@web.post("/cases/<int:number>/separate")
def separate_case(number: int) -> Any:
    case = case_for(current_user, number)
    keep_apart(case, by=current_user)
    return back(case, _("#%(number)s stays a case of its own.", number=number))
