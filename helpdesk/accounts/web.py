"""Coming in and going out: sign-in, sign-out, the first admin, a password by a link."""

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask_login import current_user

from helpdesk.accounts import links, session, wording
from helpdesk.accounts.errors import AdminExists, WrongSignIn
from helpdesk.accounts.forgotten import ask_for_link as mail_link
from helpdesk.accounts.forms import FirstAdminForm, ForgottenForm, JoinForm, SignInForm
from helpdesk.accounts.models import Agent
from helpdesk.accounts.next_page import safe_next
from helpdesk.accounts.set_password import has_admin, make_first_admin, set_by_link
from helpdesk.accounts.sign_in import sign_in as check_sign_in
from helpdesk.core.errors import InvalidInput, TooMany
from helpdesk.core.i18n import language
from helpdesk.core.network import network_of

web = Blueprint("accounts", __name__, template_folder="templates")
for words in (
    *(wording.role_name, wording.browser_name, wording.subject_words, wording.action_words),
    *(wording.subject_address, wording.changed_fields),
):
    web.add_app_template_filter(words)


@web.get("/sign-in")
def sign_in() -> Any:
    """The form; somebody who is signed in already goes on."""
    if current_user.is_authenticated:
        return _go_on()
    return render_template("accounts/sign_in.html", form=SignInForm(), has_admin=has_admin())


@web.post("/sign-in")
def sign_in_now() -> Any:
    """Check, begin, go on to where they wanted to go."""
    form = SignInForm()
    try:
        agent = check_sign_in(form.email.data or "", form.password.data or "", network_of(request.remote_addr))
    except (WrongSignIn, TooMany) as refusal:
        page = render_template("accounts/sign_in.html", form=form, refusal=refusal, has_admin=True)
        return page, refusal.http_status
    return _come_in(agent)


@web.get("/forgotten")
def forgotten() -> str:
    """Where to ask for a new password."""
    return render_template(
        "accounts/forgotten.html", form=ForgottenForm(), by_mail=bool(current_app.config["SMTP_URL"])
    )


@web.post("/forgotten")
def ask_for_link() -> str:
    """The same page for every address, known or not."""
    form = ForgottenForm()
    if current_app.config["SMTP_URL"]:
        mail_link(form.email.data or "", network_of(request.remote_addr))
    by_mail = bool(current_app.config["SMTP_URL"])
    return render_template("accounts/forgotten.html", form=form, by_mail=by_mail, asked=True)


@web.post("/sign-out")
def sign_out() -> Any:
    """This browser only."""
    session.end()
    return redirect(url_for("accounts.sign_in"))


@web.get("/setup/<secret>")
def setup(secret: str) -> Any:
    """The first admin's form. Opening it does not use the link up."""
    links.look_at(secret, links.FIRST_SETUP)
    if has_admin():
        raise AdminExists()
    return render_template("accounts/setup.html", form=FirstAdminForm())


@web.post("/setup/<secret>")
def make_admin(secret: str) -> Any:
    """Make the first admin and sign them in."""
    form = FirstAdminForm()
    try:
        agent = make_first_admin(
            secret,
            email=form.email.data or "",
            name=form.name.data or "",
            password=form.password.data or "",
            language=language(),
        )
    except InvalidInput as error:
        form.show_refusal(error)
        return render_template("accounts/setup.html", form=form), error.http_status
    return _come_in(agent)


@web.get("/join/<secret>")
def join(secret: str) -> Any:
    """Choose a password, by an invitation or because the old one is forgotten."""
    link = links.look_at(secret, links.INVITATION, links.PASSWORD)
    return render_template("accounts/join.html", form=JoinForm(), agent=link.agent, purpose=link.purpose)


@web.post("/join/<secret>")
def join_now(secret: str) -> Any:
    """Set the password and sign in."""
    form = JoinForm()
    try:
        agent = set_by_link(secret, form.password.data or "")
    except InvalidInput as error:
        form.show_refusal(error)
        link = links.look_at(secret, links.INVITATION, links.PASSWORD)
        page = render_template("accounts/join.html", form=form, agent=link.agent, purpose=link.purpose)
        return page, error.http_status
    return _come_in(agent)


def _come_in(agent: Agent) -> Any:
    session.begin(agent, network=request.remote_addr or "", browser=request.user_agent.string)
    return _go_on()


def _go_on() -> Any:
    return redirect(safe_next(request.args.get("next")) or url_for("home"))
