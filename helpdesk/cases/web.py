"""Pages of the desk: the queue, a case, writing on it. Acts of one click: web_acts.py; files: web_files.py."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, render_template, request
from flask_login import current_user

from helpdesk.accounts.colleagues import who_may_answer
from helpdesk.blobs import uploads
from helpdesk.cases import wording
from helpdesk.cases.access import case_for
from helpdesk.cases.answer import Draft, answer
from helpdesk.cases.drafts import save_draft
from helpdesk.cases.errors import StaleAnswer, Unseen
from helpdesk.cases.events import news_since
from helpdesk.cases.listing import listing_for
from helpdesk.cases.models import Case
from helpdesk.cases.note import note
from helpdesk.cases.page import fresh, page_of
from helpdesk.cases.where import back, place
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.i18n import _
from helpdesk.core.looks import wants_fragment

web = Blueprint("cases", __name__, template_folder="templates")
for words in wording.FILTERS:
    web.add_app_template_filter(words)


@web.get("/cases")
def queue() -> str:
    """The list, with no case chosen; for htmx the list alone, or its next rows."""
    listing = listing_for(current_user, request.args)
    template = "cases/_rows.html" if wants_fragment("li#more") else "cases/queue.html"
    return render_template(template, listing=listing)


@web.get("/cases/<int:number>")
def show(number: int) -> Response:
    """A case beside its list; for htmx the case and its customer."""
    return at_its_address(page(case_for(current_user, number), everything=request.args.get("all") == "1"))


@web.get("/cases/<int:number>/news")
def news(number: int) -> str:
    """What has changed on the open case since event ?seen=, for htmx: everything but the composer."""
    case = case_for(current_user, number)
    seen = request.args.get("seen", 0, type=int)
    delivery = "delivery" in request.args
    return render_template(
        "cases/_news.html",
        case=case,
        place=place(),
        fresh=fresh(news_since(case, seen, current_user)),
        delivery=delivery,
        seen=seen if delivery else case.last_event_id,
        **page_of(case, current_user),
    )


@web.get("/cases/<int:number>/hand-over")
def choose_colleague(number: int) -> str:
    """To whom? A page, or for htmx the form alone."""
    case = case_for(current_user, number)
    return render_template("cases/hand_over.html", case=case, place=place(), agents=who_may_answer())


@web.post("/cases/<int:number>/write")
def write(number: int) -> Any:
    """An answer to the customer or a note for colleagues, as the form says."""
    case = case_for(current_user, number)
    try:
        return back(case, say(case))
    except StaleAnswer as stale:
        return stale_page(case, stale), stale.http_status
    except HelpdeskError as refusal:
        # With htmx the form is still on the screen, files and all: a notice is enough.
        if wants_fragment():
            raise
        typed = SimpleNamespace(**{name: request.form.get(name, "") for name in ("kind", "text", "cc")})
        return page(case, draft=typed, problem=refusal.sentence), refusal.http_status


@web.post("/cases/<int:number>/draft")
def keep_draft(number: int) -> tuple[str, int]:
    """What is being written, every other second."""
    form = request.form
    save_draft(
        case_for(current_user, number), current_user, form.get("text", ""), form.get("kind", ""), form.get("cc", "")
    )
    return "", 204


def page(case: Case, *, everything: bool = False, **more: Any) -> str:
    """The page of a case. The list beside it is read only where it is shown."""
    beside = None if wants_fragment() else listing_for(current_user, request.args, open_number=case.number)
    parts = {"place": place(), "fresh": set(), **page_of(case, current_user, everything=everything), **more}
    return render_template("cases/case.html", case=case, listing=beside, **parts)


def at_its_address(shown: str) -> Response:
    """`shown` for htmx, whose address line follows when it stands elsewhere."""
    answer = make_response(shown)
    here = request.full_path.rstrip("?")
    if wants_fragment() and _address_line() != here:
        answer.headers["HX-Push-Url"] = here
    return answer


def _address_line() -> str:
    """Path and parameters of the page that htmx stands on; empty when it names none."""
    try:
        before = urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:
        return ""
    return f"{before.path}?{before.query}".rstrip("?")


def say(case: Case) -> str:
    """Do what the form says; the sentence for its author."""
    form = request.form
    files = uploads.take(request.files.getlist("files"))
    if form.get("then") == "note" or form.get("kind") == "note":
        note(case, form.get("text", ""), by=current_user, files=files)
        return _("Note saved.")
    then_close = form.get("then") == "close"
    draft = Draft(
        text=form.get("text", ""),
        seen=form.get("seen", 0, type=int),
        cc=form.get("cc", ""),
        files=files,
        then_close=then_close,
    )
    answer(case, draft, by=current_user)
    return _("Answer sent, #%(number)s closed.", number=case.number) if then_close else _("Answer sent.")


def stale_page(case: Case, stale: Unseen) -> str:
    """What was written meanwhile, marked in the thread; the composer keeps text and files."""
    case = case_for(current_user, case.number)
    unseen = fresh(stale.news)
    if not wants_fragment():
        return page(case, fresh=unseen, stale=stale)
    return around_the_composer(case, unseen, stale=stale)


def around_the_composer(case: Case, unseen: set[int], **more: Any) -> str:
    """The case for htmx, without the composer: what is typed there stays."""
    return render_template(
        "cases/_news.html", case=case, place=place(), fresh=unseen, **page_of(case, current_user), **more
    )
