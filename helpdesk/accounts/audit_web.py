"""The audit trail for admins: who changed what."""

from flask import render_template, request

from helpdesk.accounts.trail import NOBODY, TrailFilters, people_of_the_trail, trail
from helpdesk.accounts.web import web
from helpdesk.accounts.wording import SUBJECT_WORDS


@web.get("/settings/changes")
def audit_trail() -> str:
    """A page of the trail, newest first, of everybody and everything or of some."""
    filters = TrailFilters.of(request.args, list(SUBJECT_WORDS))
    page = trail(filters, request.args.get("after"))
    people = people_of_the_trail()
    subjects = {subject: str(words) for subject, words in SUBJECT_WORDS.items()}
    return render_template(
        "accounts/audit.html", page=page, filters=filters, people=people, subjects=subjects, nobody=NOBODY
    )
