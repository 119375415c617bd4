"""Settings about people: oneself, and for admins the colleagues."""

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select

from helpdesk.accounts import people, session
from helpdesk.accounts.errors import NoSuchAgent
from helpdesk.accounts.forms import AgentForm, InviteForm, MeForm, PasswordForm
from helpdesk.accounts.invite import invite, send_link
from helpdesk.accounts.models import Agent
from helpdesk.accounts.set_password import change_password
from helpdesk.accounts.web import web
from helpdesk.core.db import db
from helpdesk.core.errors import InvalidInput
from helpdesk.core.i18n import _


@web.get("/settings")
def settings() -> Any:
    """The first page of the settings: what everybody has."""
    return redirect(url_for("accounts.me"))


@web.get("/settings/me")
def me() -> str:
    """One's name, language, signature, password and sign-ins."""
    return _me_page(MeForm(obj=current_user), PasswordForm())


@web.post("/settings/me")
def change_me() -> Any:
    """Save name, language and signature."""
    form = MeForm()
    try:
        people.change_own(
            current_user,
            name=form.name.data or "",
            language=form.language.data or "",
            signature=form.signature.data or "",
        )
    except InvalidInput as error:
        form.show_refusal(error)
        return _me_page(form, PasswordForm()), error.http_status
    flash(_("Saved."))
    return redirect(url_for("accounts.me"))


@web.post("/settings/me/password")
def change_my_password() -> Any:
    """A new password: signed out everywhere else, and here under a new secret."""
    form = PasswordForm()
    agent = current_user._get_current_object()
    try:
        change_password(agent, form.old.data or "", form.password.data or "")
    except InvalidInput as error:
        form.show_refusal(error)
        return _me_page(MeForm(formdata=None, obj=agent), form), error.http_status
    session.begin(agent, network=request.remote_addr or "", browser=request.user_agent.string)
    flash(_("Your password is changed. You are signed out everywhere else."))
    return redirect(url_for("accounts.me"))


@web.post("/settings/me/sign-out-everywhere")
def sign_out_everywhere() -> Any:
    """Every browser, this one too."""
    session.end_everywhere(current_user)
    return redirect(url_for("accounts.sign_in"))


@web.get("/settings/agents")
def agents() -> str:
    """Everybody, those who are deactivated last."""
    found = db.session.scalars(select(Agent).order_by(Agent.active.desc(), Agent.name, Agent.id)).all()
    return render_template("accounts/agents.html", agents=found)


@web.get("/settings/agents/new")
def new_agent() -> str:
    """The form to invite a colleague."""
    return render_template("accounts/invite.html", form=InviteForm())


@web.post("/settings/agents/new")
def invite_agent() -> Any:
    """Add a colleague and show the link that lets them in: it is never shown again."""
    form = InviteForm()
    try:
        agent, link = invite(form.email.data or "", form.name.data or "", form.role.data or "", by=current_user)
    except InvalidInput as error:
        form.show_refusal(error)
        return render_template("accounts/invite.html", form=form), error.http_status
    return _link_page(agent, link)


@web.get("/settings/agents/<int:agent_id>")
def agent(agent_id: int) -> str:
    """One colleague."""
    found = _agent(agent_id)
    return render_template("accounts/agent.html", agent=found, form=AgentForm(obj=found), places=session.places(found))


@web.post("/settings/agents/<int:agent_id>")
def change_agent(agent_id: int) -> Any:
    """Save a colleague's name, role and language."""
    found, form = _agent(agent_id), AgentForm()
    try:
        people.change_agent(
            found,
            name=form.name.data or "",
            role=form.role.data or "",
            language=form.language.data or "",
            by=current_user,
        )
    except InvalidInput as error:
        form.show_refusal(error)
        page = render_template("accounts/agent.html", agent=found, form=form, places=session.places(found))
        return page, error.http_status
    flash(_("Saved."))
    return redirect(url_for("accounts.agents"))


@web.post("/settings/agents/<int:agent_id>/deactivate")
def deactivate(agent_id: int) -> Any:
    """Shut a colleague out."""
    found = _agent(agent_id)
    people.deactivate(found, by=current_user)
    flash(_("%(name)s is deactivated and signed out everywhere.", name=found.name))
    return redirect(url_for("accounts.agents"))


@web.post("/settings/agents/<int:agent_id>/reactivate")
def reactivate(agent_id: int) -> Any:
    """Let a colleague in again."""
    found = _agent(agent_id)
    people.reactivate(found, by=current_user)
    flash(_("%(name)s may sign in again.", name=found.name))
    return redirect(url_for("accounts.agents"))


@web.post("/settings/agents/<int:agent_id>/link")
def new_link(agent_id: int) -> str:
    """A new link for a colleague who lost theirs, or their password."""
    found = _agent(agent_id)
    return _link_page(found, send_link(found, by=current_user))


def _agent(agent_id: int) -> Agent:
    found = db.session.get(Agent, agent_id)
    if found is None:
        raise NoSuchAgent()
    return found


def _me_page(form: MeForm, password_form: PasswordForm) -> str:
    return render_template(
        "accounts/me.html",
        form=form,
        password_form=password_form,
        places=session.places(current_user),
        here=session.current_key(),
    )


def _link_page(agent: Agent, link: str) -> str:
    return render_template("accounts/link.html", agent=agent, link=link, mailed=bool(current_app.config["SMTP_URL"]))
