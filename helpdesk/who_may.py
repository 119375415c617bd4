"""Who may use which page: one table, compared with the URL map by a test and enforced before every request."""

from typing import Any

PUBLIC = "anybody"
SIGNED_IN = "anybody who is signed in: admin, agent or reader"
AGENT = "agents and admins"
ADMIN = "admins"

WHO_MAY = {
    "static": PUBLIC,
    "health": PUBLIC,
    "home": SIGNED_IN,
    "live.stream": SIGNED_IN,
    "search.results": SIGNED_IN,
    "live.poll": SIGNED_IN,
    "accounts.sign_in": PUBLIC,
    "accounts.sign_in_now": PUBLIC,
    "accounts.sign_out": PUBLIC,
    "accounts.setup": PUBLIC,
    "accounts.make_admin": PUBLIC,
    "accounts.join": PUBLIC,
    "accounts.join_now": PUBLIC,
    "contact.form": PUBLIC,
    "contact.send": PUBLIC,
    "contact.thanks": PUBLIC,
    "intake_api.create": PUBLIC,
    "intake_api.openapi": PUBLIC,
    "intake.embed": ADMIN,
    "rail": SIGNED_IN,
    "cases.queue": SIGNED_IN,
    "cases.show": SIGNED_IN,
    "cases.news": SIGNED_IN,
    "cases.attachment": SIGNED_IN,
    "cases.formatted": SIGNED_IN,
    "cases.choose_colleague": AGENT,
    "cases.write": AGENT,
    "cases.keep_draft": AGENT,
    "cases.claim_next_case": AGENT,
    "cases.claim_case": AGENT,
    "cases.release_case": AGENT,
    "cases.assign_case": AGENT,
    "cases.close_case": AGENT,
    "cases.reopen_case": AGENT,
    "cases.merge_case": AGENT,
    "cases.unmerge_case": AGENT,
    "cases.separate_case": AGENT,
    "accounts.settings": SIGNED_IN,
    "accounts.me": SIGNED_IN,
    "accounts.change_me": SIGNED_IN,
    "accounts.change_my_password": SIGNED_IN,
    "accounts.sign_out_everywhere": SIGNED_IN,
    "accounts.agents": ADMIN,
    "accounts.new_agent": ADMIN,
    "accounts.invite_agent": ADMIN,
    "accounts.agent": ADMIN,
    "accounts.change_agent": ADMIN,
    "accounts.deactivate": ADMIN,
    "accounts.reactivate": ADMIN,
    "accounts.new_link": ADMIN,
    "queues.index": ADMIN,
    "queues.new": ADMIN,
    "queues.add": ADMIN,
    "queues.edit": ADMIN,
    "queues.change": ADMIN,
}


def lets_in(endpoint: str, person: Any) -> bool:
    """Whether somebody who is signed in may use the page. A page that is not in the table lets in nobody."""
    who = WHO_MAY.get(endpoint)
    return who in (PUBLIC, SIGNED_IN) or (who == AGENT and person.may_answer) or (who == ADMIN and person.is_admin)
