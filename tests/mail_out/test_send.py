"""One mail, sent to real SMTP servers on their good and bad days."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import make_url, text

from helpdesk.blobs import store
from helpdesk.core.db import transaction
from helpdesk.mail_out.attempt import Superseded, take
from helpdesk.mail_out.models import OutboundMail
from helpdesk.mail_out.send import send_mail
from tests.mail_out.conftest import Put
from tests.servers import Authority, SmtpServer, allow, free_port

Look = Callable[[OutboundMail], OutboundMail]
Due = Callable[[OutboundMail], None]


@pytest.fixture(autouse=True)
def _outgoing(app: Flask, smtp_server: SmtpServer) -> None:
    app.config.update(SMTP_URL=smtp_server.url, SMTP_TIMEOUT_S=2, SMTP_LAST_TIMEOUT_S=2)


def fates(mail: OutboundMail) -> dict[str, str]:
    return {recipient.address: recipient.state for recipient in mail.recipients}


def test_an_answer_arrives_and_what_is_shown_as_sent_is_what_left(
    put: Put, look: Look, smtp_server: SmtpServer
) -> None:
    mail = put("kari@kunde.example", "ola@kunde.example", in_reply_to="<p@kunde.example>")
    send_mail(mail.id)
    mail = look(mail)
    assert (mail.state, mail.attempts, mail.problem, mail.leased_until) == ("sent", 1, "", None)
    assert fates(mail) == {"kari@kunde.example": "sent", "ola@kunde.example": "sent"}
    assert mail.recipients[0].answer == "250 OK: queued as 1"
    assert mail.sent_at is not None
    (received,) = smtp_server.received
    assert received.sender == "support@desk.example"
    assert received.message["Message-ID"] == mail.message_id
    assert mail.raw_sha256 is not None
    assert received.data == store.get(mail.raw_sha256)


def test_a_mail_is_sent_once_however_often_it_is_asked_for(put: Put, smtp_server: SmtpServer) -> None:
    mail = put()
    for _again in range(3):
        send_mail(mail.id)
    assert len(smtp_server.received) == 1


def test_two_workers_at_once_send_it_once(app: Flask, put: Put, look: Look, smtp_server: SmtpServer) -> None:
    mail = put()
    start = threading.Barrier(4)

    def work() -> None:
        with app.app_context():
            start.wait()
            send_mail(mail.id)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(smtp_server.received) == 1
    assert (look(mail).state, look(mail).attempts) == ("sent", 1)


def test_one_recipient_refused_is_told_and_the_others_get_it(put: Put, look: Look, smtp_server: SmtpServer) -> None:
    smtp_server.rcpt["gone@kunde.example"] = ["550 5.1.1 No such user"]
    mail = put("kari@kunde.example", "gone@kunde.example", "ola@kunde.example")
    send_mail(mail.id)
    mail = look(mail)
    assert mail.state == "failed"
    assert mail.problem == "Not delivered to gone@kunde.example."
    assert mail.recipients[1].problem == "The server at 127.0.0.1 refused the recipient: 550 5.1.1 No such user"
    assert fates(mail) == {
        "kari@kunde.example": "sent",
        "gone@kunde.example": "failed",
        "ola@kunde.example": "sent",
    }
    assert smtp_server.received[0].recipients == ["kari@kunde.example", "ola@kunde.example"]


def test_one_recipient_told_to_wait_is_the_only_one_over_again(
    put: Put, look: Look, make_due: Due, smtp_server: SmtpServer
) -> None:
    smtp_server.rcpt["busy@kunde.example"] = ["451 4.3.0 Greylisted"]
    mail = put("kari@kunde.example", "busy@kunde.example")
    send_mail(mail.id)
    assert (look(mail).state, fates(look(mail))["busy@kunde.example"]) == ("delayed", "waiting")
    send_mail(mail.id)
    assert len(smtp_server.received) == 1, "it is not due yet"
    make_due(mail)
    send_mail(mail.id)
    assert [each.recipients for each in smtp_server.received] == [["kari@kunde.example"], ["busy@kunde.example"]]
    assert smtp_server.received[0].data == smtp_server.received[1].data
    assert (look(mail).state, look(mail).problem) == ("sent", "")


@pytest.mark.parametrize("when", ["at_mail", "after_dot"])
def test_a_server_that_is_busy_is_over_again_later(
    put: Put, look: Look, make_due: Due, smtp_server: SmtpServer, when: str
) -> None:
    getattr(smtp_server, when).append("451 4.7.1 Come back later")
    mail = put()
    send_mail(mail.id)
    mail = look(mail)
    assert (mail.state, mail.delays, mail.resent) == ("delayed", 1, 0)
    assert mail.problem == "The server at 127.0.0.1 asks us to try again later: 451 4.7.1 Come back later"
    assert 40 <= (mail.next_try_at - (mail.first_tried_at or mail.next_try_at)).total_seconds() <= 80
    make_due(mail)
    send_mail(mail.id)
    assert (look(mail).state, look(mail).resent, len(smtp_server.received)) == ("sent", 0, 1)


@pytest.mark.parametrize("when", ["at_mail", "after_dot"])
def test_a_mail_that_is_refused_fails_and_says_why(
    put: Put, look: Look, make_due: Due, smtp_server: SmtpServer, when: str
) -> None:
    getattr(smtp_server, when).append("554 5.7.1 Looks like spam")
    mail = put()
    send_mail(mail.id)
    mail = look(mail)
    assert mail.state == "failed"
    assert mail.problem == "The server at 127.0.0.1 refused the mail: 554 5.7.1 Looks like spam"
    make_due(mail)
    send_mail(mail.id)
    assert smtp_server.received == []


def test_a_connection_that_breaks_before_the_final_dot_is_a_plain_retry(
    put: Put, look: Look, make_due: Due, smtp_server: SmtpServer
) -> None:
    smtp_server.at_data.append("cut")
    mail = put()
    send_mail(mail.id)
    assert (look(mail).state, fates(look(mail))) == ("delayed", {"kari@kunde.example": "waiting"})
    assert "broke off before the mail was handed over" in look(mail).problem
    make_due(mail)
    send_mail(mail.id)
    assert (look(mail).state, look(mail).resent, len(smtp_server.received)) == ("sent", 0, 1)


def test_a_connection_lost_after_the_final_dot_is_sent_once_more_with_the_same_bytes(
    put: Put, look: Look, make_due: Due, smtp_server: SmtpServer
) -> None:
    smtp_server.after_dot.append("keep and cut")
    mail = put()
    send_mail(mail.id)
    mail = look(mail)
    assert (mail.state, mail.recipients[0].state, mail.resent) == ("uncertain", "uncertain", 0)
    assert "sent once more" in mail.problem
    make_due(mail)
    send_mail(mail.id)
    mail = look(mail)
    assert (mail.state, mail.resent) == ("sent", 1)
    first, second = smtp_server.received
    assert first.data == second.data


def test_a_second_loss_after_the_final_dot_is_the_last_try_and_says_so(
    put: Put, look: Look, make_due: Due, smtp_server: SmtpServer
) -> None:
    smtp_server.after_dot += ["cut", "cut"]
    mail = put()
    send_mail(mail.id)
    make_due(mail)
    send_mail(mail.id)
    mail = look(mail)
    assert (mail.state, mail.resent) == ("sent", 1)
    assert "lost twice" in mail.problem
    make_due(mail)
    send_mail(mail.id)
    assert smtp_server.connections == 2


def test_only_those_past_the_final_dot_are_unsure(put: Put, look: Look, make_due: Due, smtp_server: SmtpServer) -> None:
    smtp_server.rcpt["busy@kunde.example"] = ["552 5.2.2 Too many recipients"]
    smtp_server.after_dot.append("keep and cut")
    mail = put("kari@kunde.example", "busy@kunde.example")
    send_mail(mail.id)
    assert look(mail).state == "uncertain"
    assert fates(look(mail)) == {"kari@kunde.example": "uncertain", "busy@kunde.example": "waiting"}
    make_due(mail)
    send_mail(mail.id)
    assert (look(mail).state, [each.resent for each in look(mail).recipients]) == ("sent", [1, 0])


def test_a_database_that_drops_its_connections_while_the_server_answers_costs_nothing(
    app: Flask, put: Put, look: Look, smtp_server: SmtpServer
) -> None:
    def drop_all() -> None:
        with psycopg.connect(app.config["DATABASE_URL"].replace("+psycopg", "")) as other:
            other.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
            )

    smtp_server.before_answering = drop_all
    mail = put()
    send_mail(mail.id)
    assert (look(mail).state, look(mail).resent, len(smtp_server.received)) == ("sent", 0, 1)


def test_a_database_that_is_away_when_the_server_has_answered_is_waited_for(
    app: Flask, put: Put, look: Look, smtp_server: SmtpServer
) -> None:
    name = str(make_url(app.config["DATABASE_URL"]).database)
    beside = make_url(app.config["DATABASE_URL"]).set(drivername="postgresql", database="template1")

    def let_in(yes: bool) -> None:
        with psycopg.connect(beside.render_as_string(hide_password=False), autocommit=True) as other:
            other.execute(f'alter database "{name}" allow_connections {yes}')
            other.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])

    back = threading.Timer(0.7, let_in, [True])

    def go_away() -> None:
        let_in(False)
        back.start()

    smtp_server.before_answering = go_away
    mail = put()
    try:
        send_mail(mail.id)
    finally:
        back.join()
    assert (look(mail).state, look(mail).resent, len(smtp_server.received)) == ("sent", 0, 1)


def test_a_resend_that_the_server_puts_off_has_not_been_used_up(
    put: Put, look: Look, make_due: Due, smtp_server: SmtpServer
) -> None:
    smtp_server.after_dot += ["cut", "451 not now"]
    mail = put()
    for _try in range(2):
        send_mail(mail.id)
        make_due(mail)
    assert (look(mail).state, look(mail).resent) == ("uncertain", 0)
    send_mail(mail.id)
    assert (look(mail).state, look(mail).resent, len(smtp_server.received)) == ("sent", 1, 1)


def test_a_worker_killed_before_the_final_dot_leaves_a_plain_retry(
    put: Put, look: Look, make_due: Due, smtp_server: SmtpServer
) -> None:
    mail = put()
    assert take(mail.id) is not None
    send_mail(mail.id)
    assert smtp_server.received == [], "the dead worker's lease holds"
    make_due(mail)
    send_mail(mail.id)
    mail = look(mail)
    assert (mail.state, mail.attempts, mail.crashes, mail.resent) == ("sent", 2, 1, 0)
    assert len(smtp_server.received) == 1


def test_a_worker_killed_after_the_final_dot_leads_to_one_resend_that_is_counted(
    put: Put, look: Look, make_due: Due, smtp_server: SmtpServer
) -> None:
    mail = put()
    for _death in range(2):
        attempt = take(mail.id)
        assert attempt is not None
        attempt.mark_the_dot(attempt.open)
        make_due(mail)
    send_mail(mail.id)
    assert (look(mail).state, look(mail).resent) == ("sent", 1)
    assert "lost twice" in look(mail).problem
    assert smtp_server.received == [], "the re-send was the second worker's"


def test_a_worker_that_slept_through_its_lease_does_not_send_the_final_dot(put: Put, make_due: Due) -> None:
    mail = put()
    slow = take(mail.id)
    make_due(mail)
    quick = take(mail.id)
    assert slow is not None
    assert quick is not None
    with pytest.raises(Superseded):
        slow.mark_the_dot(slow.open)
    quick.mark_the_dot(quick.open)


def test_a_late_worker_ends_its_connection_without_the_final_dot(
    app: Flask, put: Put, look: Look, smtp_server: SmtpServer
) -> None:
    mail = put()

    def somebody_takes_over() -> None:
        with psycopg.connect(app.config["DATABASE_URL"].replace("+psycopg", "")) as other:
            other.execute("update outbound_mails set attempts = attempts + 1")

    smtp_server.at_rcpt = somebody_takes_over
    send_mail(mail.id)
    assert smtp_server.connections == 1
    assert smtp_server.received == []
    assert (look(mail).state, fates(look(mail))) == ("sending", {"kari@kunde.example": "waiting"})


def test_a_worker_that_dies_of_a_mail_is_not_fed_it_for_ever(
    put: Put, look: Look, make_due: Due, smtp_server: SmtpServer
) -> None:
    mail = put()
    for _death in range(6):
        assert take(mail.id) is not None
        make_due(mail)
    send_mail(mail.id)
    assert look(mail).state == "failed"
    assert look(mail).problem == "Sending this mail ended the worker 6 times. It is not tried again by itself."


def test_a_mail_that_cannot_be_composed_fails_after_three_tries(put: Put, look: Look, make_due: Due) -> None:
    mail = put()
    with transaction() as session:
        nameless = json.dumps([{"sha256": store.put(b"a file whose row lacks its name")}])
        session.execute(text("update outbound_mails set attachments = cast(:files as jsonb)"), {"files": nameless})
    states = []
    for _try in range(4):
        send_mail(mail.id)
        states.append(look(mail).state)
        make_due(mail)
    assert states == ["delayed", "delayed", "failed", "failed"]
    assert look(mail).problem == "This mail could not be put together. The details are in the log."


def test_a_missing_file_delays_and_does_not_lose_the_mail(put: Put, look: Look) -> None:
    mail = put()
    with transaction() as session:
        session.execute(text('update outbound_mails set attachments = \'[{"sha256": "ab12"}]\''))
    send_mail(mail.id)
    assert (look(mail).state, look(mail).problem) == ("delayed", "The mail's files cannot be read right now.")


def test_trying_ends_after_the_days_that_the_settings_say(app: Flask, put: Put, look: Look, make_due: Due) -> None:
    app.config["SMTP_URL"] = f"smtp://127.0.0.1:{free_port()}"
    mail = put()
    send_mail(mail.id)
    assert look(mail).state == "delayed"
    assert look(mail).problem == "The server at 127.0.0.1 cannot be reached: Connection refused"
    with transaction() as session:
        session.execute(text("update outbound_mails set first_tried_at = now() - interval '6 days'"))
    make_due(mail)
    send_mail(mail.id)
    assert look(mail).state == "failed"
    assert look(mail).problem == (
        "Not delivered in 5 days of trying. The server at 127.0.0.1 cannot be reached: Connection refused"
    )


def test_an_address_that_is_none_fails_and_the_others_get_the_mail(
    put: Put, look: Look, smtp_server: SmtpServer
) -> None:
    mail = put("kari@kunde.example", "kari at home")
    send_mail(mail.id)
    assert fates(look(mail)) == {"kari@kunde.example": "sent", "kari at home": "failed"}
    assert look(mail).recipients[1].problem == "“kari at home” is not an e-mail address."


def test_automatic_mail_has_the_null_return_path_and_says_what_it_is(put: Put, smtp_server: SmtpServer) -> None:
    send_mail(put(kind="confirmation", automatic=True).id)
    send_mail(put().id)
    confirmation, typed = smtp_server.received
    assert (confirmation.sender, confirmation.message["Auto-Submitted"]) == ("", "auto-generated")
    assert (typed.sender, typed.message["Auto-Submitted"]) == ("support@desk.example", None)


def test_an_international_address_needs_a_server_that_speaks_smtputf8(
    app: Flask, put: Put, look: Look, smtp_server: SmtpServer, start_smtp_server: Callable[..., SmtpServer]
) -> None:
    mail = put("åse@blåbær.example")
    send_mail(mail.id)
    assert smtp_server.received[0].recipients == ["åse@xn--blbr-roah.example"]
    app.config["SMTP_URL"] = start_smtp_server(enable_SMTPUTF8=False).url
    mail = put("åse@kunde.example")
    send_mail(mail.id)
    assert look(mail).state == "failed"
    assert "letters like these: åse@kunde.example" in look(mail).problem


def test_a_mail_too_large_for_the_server_fails_before_it_is_sent(
    app: Flask, put: Put, look: Look, start_smtp_server: Callable[..., SmtpServer]
) -> None:
    app.config["SMTP_URL"] = start_smtp_server(data_size_limit=5000).url
    mail = put(text="x " * 5000)
    send_mail(mail.id)
    assert look(mail).state == "failed"
    assert "larger than the server" in look(mail).problem


def test_a_server_that_never_says_a_word_is_left_after_the_time_out(
    app: Flask, put: Put, look: Look, silent_port: int
) -> None:
    app.config.update(SMTP_URL=f"smtp://127.0.0.1:{silent_port}", SMTP_TIMEOUT_S=0.2)
    mail = put()
    send_mail(mail.id)
    assert (look(mail).state, look(mail).problem) == ("delayed", "The server at 127.0.0.1 did not answer in time.")


def test_no_transaction_is_open_while_the_server_answers(
    app: Flask, put: Put, look: Look, smtp_server: SmtpServer
) -> None:
    mail = put()
    states: list[str] = []
    url = app.config["DATABASE_URL"].replace("+psycopg", "")

    def ask() -> None:
        with psycopg.connect(url) as other:
            rows = other.execute(
                "select state from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
                " and backend_type = 'client backend' and xact_start is not null"
            )
            states.extend(row[0] for row in rows)
            states.append(str(other.execute("select state from outbound_mails").fetchone()))

    smtp_server.before_answering = ask
    send_mail(mail.id)
    assert states == ["('sending',)"]
    assert look(mail).state == "sent"


def test_without_a_server_mail_waits_untried(app: Flask, put: Put, look: Look) -> None:
    app.config["SMTP_URL"] = ""
    mail = put()
    send_mail(mail.id)
    assert (look(mail).state, look(mail).attempts) == ("queued", 0)


def test_a_folder_gets_the_same_bytes_as_a_server_would(app: Flask, put: Put, look: Look, tmp_path: Path) -> None:
    app.config["SMTP_URL"] = f"file://{tmp_path}/sent"
    mail = put("kari/../@kunde.example")
    send_mail(mail.id)
    (written,) = (tmp_path / "sent").iterdir()
    assert written.name == "000001-kari_.._@kunde.example.eml"
    sha256 = look(mail).raw_sha256
    assert sha256 is not None
    assert written.read_bytes() == store.get(sha256)


def test_a_folder_that_cannot_be_written_delays(app: Flask, put: Put, look: Look, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    app.config["SMTP_URL"] = f"file://{tmp_path}/file"
    mail = put()
    send_mail(mail.id)
    assert look(mail).state == "delayed"
    assert "cannot be written to the folder" in look(mail).problem


def test_a_setting_that_cannot_be_read_delays_and_never_shows_the_password(app: Flask, put: Put, look: Look) -> None:
    app.config["SMTP_URL"] = "smpt://me:secret-word@mail.example"
    mail = put()
    send_mail(mail.id)
    assert look(mail).state == "delayed"
    assert "SMTP_URL cannot be understood" in look(mail).problem
    assert "secret-word" not in look(mail).problem


class TestEncryption:
    """STARTTLS, smtps and sign-in, with certificates of the tests' own authority."""

    def test_required_starttls_with_sign_in_and_a_trusted_certificate(
        self, app: Flask, put: Put, look: Look, start_smtp_server: Callable[..., SmtpServer], authority: Authority
    ) -> None:
        server = start_smtp_server(
            tls_context=authority.server_context,
            require_starttls=True,
            auth_required=True,
            authenticator=allow("desk@desk.example", "p@ss/word"),
        )
        app.config.update(
            SMTP_URL=f"smtp://desk%40desk.example:p%40ss%2Fword@127.0.0.1:{server.port}?ca={authority.ca_file}",
            SMTP_STARTTLS=2,
        )
        mail = put()
        send_mail(mail.id)
        assert (look(mail).state, look(mail).problem) == ("sent", "")
        assert (server.received[0].encrypted, server.received[0].user) == (True, "desk@desk.example")

    def test_smtps_encrypts_from_the_first_byte(
        self, app: Flask, put: Put, look: Look, start_smtp_server: Callable[..., SmtpServer], authority: Authority
    ) -> None:
        server = start_smtp_server(ssl_context=authority.server_context)
        app.config["SMTP_URL"] = f"smtps://127.0.0.1:{server.port}?ca={authority.ca_file}"
        mail = put()
        send_mail(mail.id)
        assert (look(mail).state, server.received[0].encrypted) == ("sent", True)

    @pytest.mark.parametrize("scheme", ["smtp", "smtps"])
    def test_a_certificate_nobody_vouches_for_is_not_trusted_where_it_counts(
        self,
        app: Flask,
        put: Put,
        look: Look,
        start_smtp_server: Callable[..., SmtpServer],
        authority: Authority,
        scheme: str,
    ) -> None:
        key = "ssl_context" if scheme == "smtps" else "tls_context"
        server = start_smtp_server(**{key: authority.server_context})
        app.config.update(SMTP_URL=f"{scheme}://127.0.0.1:{server.port}", SMTP_STARTTLS=2)
        mail = put()
        send_mail(mail.id)
        assert look(mail).state == "delayed"
        assert look(mail).problem.startswith("There is no secure connection to the server at 127.0.0.1: unable to get")
        app.config["SMTP_URL"] += "?verify=0"
        mail = put()
        send_mail(mail.id)
        assert look(mail).state == "sent"

    def test_encryption_that_is_only_offered_takes_any_certificate(
        self, app: Flask, put: Put, start_smtp_server: Callable[..., SmtpServer], authority: Authority
    ) -> None:
        server = start_smtp_server(tls_context=authority.server_context)
        app.config["SMTP_URL"] = server.url
        send_mail(put().id)
        assert server.received[0].encrypted

    def test_starttls_can_be_switched_off(
        self, app: Flask, put: Put, start_smtp_server: Callable[..., SmtpServer], authority: Authority
    ) -> None:
        server = start_smtp_server(tls_context=authority.server_context)
        app.config.update(SMTP_URL=server.url, SMTP_STARTTLS=0)
        send_mail(put().id)
        assert not server.received[0].encrypted

    def test_required_starttls_that_is_not_offered_sends_nothing(
        self, app: Flask, put: Put, look: Look, smtp_server: SmtpServer
    ) -> None:
        app.config["SMTP_STARTTLS"] = 2
        mail = put()
        send_mail(mail.id)
        assert look(mail).state == "delayed"
        assert "offers no encryption (STARTTLS)" in look(mail).problem
        assert smtp_server.received == []

    def test_a_password_is_not_sent_in_the_open(
        self, app: Flask, put: Put, look: Look, start_smtp_server: Callable[..., SmtpServer]
    ) -> None:
        heard = []
        server = start_smtp_server(
            auth_require_tls=False, authenticator=lambda *login: heard.append(login) or allow("a", "b")(*login)
        )
        app.config["SMTP_URL"] = f"smtp://a:b@127.0.0.1:{server.port}"
        mail = put()
        send_mail(mail.id)
        assert "we do not send our password in the open" in look(mail).problem
        assert heard == []

    def test_a_wrong_password_delays_and_says_so(
        self, app: Flask, put: Put, look: Look, start_smtp_server: Callable[..., SmtpServer], authority: Authority
    ) -> None:
        server = start_smtp_server(tls_context=authority.server_context, authenticator=allow("a", "b"))
        app.config["SMTP_URL"] = f"smtp://a:wrong@127.0.0.1:{server.port}?ca={authority.ca_file}"
        mail = put()
        send_mail(mail.id)
        assert look(mail).state == "delayed"
        assert look(mail).problem.startswith("The server at 127.0.0.1 did not accept our sign-in: 535")
        assert "wrong" not in look(mail).problem
