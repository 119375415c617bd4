"""A mail server that refuses, hangs, breaks off or crawls, at each verb of the conversation: each mail leaves once."""

from collections.abc import Callable, Iterator
from itertools import product

import pytest
from flask import Flask

from helpdesk.mail_out.models import OutboundMail
from helpdesk.mail_out.send import send_mail
from tests.faults.proxy import Fault, Proxy
from tests.mail_out.conftest import Put
from tests.servers import Authority, SmtpServer, allow

Look = Callable[[OutboundMail], OutboundMail]
Due = Callable[[OutboundMail], None]
THREE = ("kari@kunde.example", "ola@kunde.example", "per@kunde.example")

BEFORE = {
    "EHLO": b"ehlo",
    "AUTH": b"AUTH ",
    "MAIL": b"mail FROM",
    "the first RCPT": b"rcpt TO:<kari",
    "the last RCPT": b"rcpt TO:<per",
    "DATA": b"DATA\r\n",
    "the middle of the mail": b"Try the blue one.",
    "the final dot": b"\r\n.\r\n",
}
"""What the client says at each verb, in smtplib's words and our own."""


@pytest.fixture
def server(start_smtp_server: Callable[..., SmtpServer]) -> SmtpServer:
    return start_smtp_server(auth_require_tls=False, authenticator=allow("desk", "secret"))


@pytest.fixture
def proxy(app: Flask, server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setattr("helpdesk.mail_out.smtp.QUIT_TIMEOUT_S", 0.3)
    with Proxy(server.port) as proxy:
        url = f"smtp://desk:secret@127.0.0.1:{proxy.port}"
        app.config.update(SMTP_URL=url, SMTP_STARTTLS=0, SMTP_TIMEOUT_S=0.3, SMTP_LAST_TIMEOUT_S=0.3)
        yield proxy


def states(mail: OutboundMail) -> set[str]:
    return {recipient.state for recipient in mail.recipients}


def deliveries(server: SmtpServer) -> list[list[str]]:
    return [one.recipients for one in server.received]


@pytest.mark.parametrize(
    ("verb", "kind"),
    [*product(["the greeting", *BEFORE], ["cut", "hang"]), ("MAIL", "reset"), ("the middle of the mail", "reset")],
)
def test_what_breaks_off_before_the_final_dot_is_tried_again_and_arrives_once(
    proxy, server, put: Put, look: Look, make_due: Due, verb, kind
) -> None:
    proxy.fault = Fault(kind, at=BEFORE[verb]) if verb in BEFORE else Fault(kind, at=0, of="server")
    mail = put(*THREE)
    send_mail(mail.id)
    assert proxy.struck == 1
    if verb in ("the middle of the mail", "the final dot"):
        # It never reached the server, but nobody here can know that: our own machine had taken all of it.
        assert (look(mail).state, states(look(mail))) == ("uncertain", {"uncertain"})
    else:
        assert (look(mail).state, states(look(mail))) == ("delayed", {"waiting"})
    # What hangs never comes.
    proxy.end_lines("reset")
    proxy.fault = None
    make_due(mail)
    send_mail(mail.id)
    assert (look(mail).state, states(look(mail))) == ("sent", {"sent"})
    assert deliveries(server) == [list(THREE)]


@pytest.mark.parametrize(
    ("verb", "kind"),
    [*((verb, "cut") for verb in BEFORE if verb not in ("the middle of the mail", "the final dot")), ("MAIL", "hang")],
)
def test_an_answer_that_never_comes_before_the_final_dot_costs_a_try_and_no_mail(
    proxy, server, put: Put, look: Look, make_due: Due, verb, kind
) -> None:
    proxy.fault = Fault(kind, after=BEFORE[verb])
    mail = put(*THREE)
    send_mail(mail.id)
    assert proxy.struck == 1
    assert (look(mail).state, states(look(mail)), deliveries(server)) == ("delayed", {"waiting"}, [])
    proxy.fault = None
    make_due(mail)
    send_mail(mail.id)
    assert (look(mail).state, states(look(mail))) == ("sent", {"sent"})
    assert deliveries(server) == [list(THREE)]


@pytest.mark.parametrize("kind", ["cut", "reset", "hang"])
def test_a_yes_that_is_lost_after_the_final_dot_leads_to_one_more_mail_that_is_the_same(
    proxy, server, put: Put, look: Look, make_due: Due, kind
) -> None:
    proxy.fault = Fault(kind, after=b"\r\n.\r\n")
    mail = put(*THREE)
    send_mail(mail.id)
    assert (look(mail).state, states(look(mail)), len(server.received)) == ("uncertain", {"uncertain"}, 1)
    proxy.fault = None
    make_due(mail)
    send_mail(mail.id)
    assert (look(mail).state, look(mail).resent) == ("sent", 1)
    first, second = server.received
    assert first.data == second.data


@pytest.mark.parametrize("kind", ["cut", "hang"])
@pytest.mark.parametrize("fault", [{"at": b"quit"}, {"after": b"quit"}], ids=["unheard", "unanswered"])
def test_a_goodbye_that_goes_wrong_changes_nothing(proxy, server, put: Put, look: Look, kind, fault) -> None:
    proxy.fault = Fault(kind, **fault)
    mail = put(*THREE)
    send_mail(mail.id)
    assert proxy.struck == 1
    assert (look(mail).state, states(look(mail)), len(server.received)) == ("sent", {"sent"}, 1)


@pytest.mark.parametrize(
    ("verb", "code", "state", "recipients"),
    [
        *((verb, 421, "delayed", {"waiting"}) for verb in BEFORE if verb != "the middle of the mail"),
        ("the greeting", 421, "delayed", {"waiting"}),
        # A server that takes nobody in, or not us, may be set right tomorrow; what is said of the mail itself stays.
        ("the greeting", 554, "delayed", {"waiting"}),
        ("AUTH", 535, "delayed", {"waiting"}),
        ("MAIL", 550, "failed", {"failed"}),
        ("the first RCPT", 550, "failed", {"failed", "sent"}),
        ("DATA", 554, "failed", {"failed"}),
        ("the final dot", 554, "failed", {"failed"}),
    ],
)
def test_a_refusal_at_each_verb_is_told_and_what_may_pass_is_tried_again(
    proxy, server, put: Put, look: Look, make_due: Due, verb, code, state, recipients
) -> None:
    words = b"%d Not like this\r\n" % code
    at = {"at": BEFORE[verb]} if verb in BEFORE else {"at": 0, "of": "server"}
    # A refused sign-in is tried by each way that the server offers.
    proxy.fault = Fault("say", words=words, times=None if verb == "AUTH" else 1, **at)
    # 421 closes the connection (RFC 5321, 3.8); after one 4xx to a RCPT the others are still served.
    mail = put(*THREE)
    send_mail(mail.id)
    assert proxy.struck
    if verb.endswith("RCPT") and code == 421:
        state, recipients = "delayed", {"waiting", "sent"}
    assert (look(mail).state, states(look(mail))) == (state, recipients)
    # smtplib asks with HELO when EHLO is refused, and tells that refusal.
    assert verb in ("EHLO", "the greeting") or any(str(code) in each.answer for each in look(mail).recipients)
    if state == "delayed":
        proxy.fault = None
        make_due(mail)
        send_mail(mail.id)
        assert (look(mail).state, states(look(mail))) == ("sent", {"sent"})
    arrived = [address for to in deliveries(server) for address in to]
    assert sorted(arrived) == sorted(each.address for each in look(mail).recipients if each.state == "sent")


@pytest.mark.parametrize("of", ["client", "server"])
def test_a_server_that_crawls_is_waited_for(app: Flask, proxy, server, put: Put, look: Look, of) -> None:
    proxy.fault = Fault("slow", of=of, bytes_per_s=4000)
    mail = put(*THREE)
    send_mail(mail.id)
    assert proxy.struck == 1
    assert (look(mail).state, deliveries(server)) == ("sent", [list(THREE)])


@pytest.mark.parametrize(
    "fault",
    [
        Fault("cut", at=b"STARTTLS"),
        Fault("cut", after=b"STARTTLS"),
        Fault("hang", after=b"STARTTLS"),
        Fault("say", at=b"STARTTLS", words=b"454 TLS not available\r\n"),
        Fault("say", at=b"STARTTLS", words=b"220 Go ahead\r\nand this is no TLS\r\n"),
    ],
    ids=["unheard", "unanswered", "hangs", "refused", "nonsense"],
)
def test_trouble_with_starttls_sends_nothing_in_the_open_and_is_tried_again(
    app: Flask,
    start_smtp_server: Callable[..., SmtpServer],
    authority: Authority,
    put: Put,
    look: Look,
    make_due: Due,
    fault,
) -> None:
    server = start_smtp_server(tls_context=authority.server_context)
    with Proxy(server.port, fault) as proxy:
        url = f"smtp://127.0.0.1:{proxy.port}?ca={authority.ca_file}"
        app.config.update(SMTP_URL=url, SMTP_STARTTLS=2, SMTP_TIMEOUT_S=0.5, SMTP_LAST_TIMEOUT_S=0.5)
        mail = put(*THREE)
        send_mail(mail.id)
        assert (look(mail).state, server.received) == ("delayed", [])
        proxy.fault = None
        make_due(mail)
        send_mail(mail.id)
    assert (look(mail).state, len(server.received)) == ("sent", 1)
    assert server.received[0].encrypted


def test_nobody_at_the_port_is_a_delay_and_the_mail_leaves_when_somebody_is(
    proxy, server, put: Put, look: Look, make_due: Due
) -> None:
    proxy.refuse()
    mail = put(*THREE)
    send_mail(mail.id)
    assert look(mail).state == "delayed"
    proxy.listen()
    make_due(mail)
    send_mail(mail.id)
    assert (look(mail).state, deliveries(server)) == ("sent", [list(THREE)])
