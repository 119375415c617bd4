"""Bounces, complaints, out-of-office, lists, reports and receipts; and ordinary mail, which is none of them."""

import pytest

from helpdesk.mail_reading.read import read

DAEMON = "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\nReturn-Path: <>\nTo: desk@desk.example\n"

DSN = """From: MAILER-DAEMON@mx.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; ada@example.org
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp; 550 5.1.1 <ada@example.org>: User unknown

Final-Recipient: rfc822;kim@example.org
Action: delayed
Status: 4.4.1
--b
Content-Type: message/rfc822

Message-ID: <answer-1@desk.example>
Subject: Re: Printer

Hi.
--b--
"""


def test_a_delivery_report_names_each_address_its_status_and_the_mail():
    bounce = read(DSN.encode()).bounce
    assert [(one.address, one.status, one.code, one.permanent) for one in bounce.recipients] == [
        ("ada@example.org", "5.1.1", "550", True),
        ("kim@example.org", "4.4.1", "", False),
    ]
    assert bounce.original_message_id == "answer-1@desk.example"


PROSE = {
    "qmail": (
        "Subject: failure notice\n",
        "Hi. This is the qmail-send program at mx.example.\n\n<ada@example.org>:\n192.0.2.1 does not like recipient.\n"
        "Remote host said: 550 5.1.1 No such user\nGiving up.\n\n--- Below this line is a copy of the message.\n\n"
        "Return-Path: <desk@desk.example>\nTo: other@example.org\n",
        [("ada@example.org", "5.1.1", "550")],
    ),
    "Exim": (
        "Subject: Mail delivery failed: returning message to sender\nX-Failed-Recipients: ada@example.org\n",
        "A message that you sent could not be delivered.\n\n  ada@example.org\n    host mx.example [192.0.2.1]\n"
        "    SMTP error from remote mail server after RCPT TO:<ada@example.org>:\n    452 4.2.2 Mailbox full\n",
        [("ada@example.org", "4.2.2", "452")],
    ),
    "sendmail of old": (
        "Subject: Returned mail: User unknown\n",
        "   ----- The following addresses had permanent fatal errors -----\n<ada@example.org>\n<kim@example.org>\n\n"
        "   ----- Transcript of session follows -----\n550 <ada@example.org>... User unknown\n",
        [("ada@example.org", "5.0.0", "550"), ("kim@example.org", "5.0.0", "550")],
    ),
    "Exchange 2003": (
        "Subject: Undeliverable: Printer\n",
        "Your message\n\n  To:      someone@example.org\n  Subject: Printer\n\ndid not reach the following"
        " recipient(s):\n\nada@example.org on Tue, 7 May 2024 10:12:00 +0200\n    The recipient name is unknown\n",
        [("ada@example.org", "5.0.0", "")],
    ),
    "a warning": (
        "Subject: Warning: message delayed 24 hours\n",
        "A message that you sent has not yet been delivered to:\n\n  ada@example.org\n\n"
        "No action is required on your part.\n",
        [("ada@example.org", "4.0.0", "")],
    ),
}


@pytest.mark.parametrize("name", PROSE)
def test_a_bounce_in_plain_words_is_read(name):
    header, body, expected = PROSE[name]
    found = read(f"{DAEMON}{header}\n{body}".encode())
    assert [(one.address, one.status, one.code) for one in found.bounce.recipients] == expected
    assert found.automatic.kind == "bounce"


def test_a_complaint_says_its_type():
    raw = (
        b"From: fbl@isp.example\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
        b"--b\n\nSpam?\n--b\n"
        b"Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nOriginal-Rcpt-To: ada@example.org\n--b--\n"
    )
    (one,) = read(raw).bounce.recipients
    assert (one.address, one.feedback_type, one.permanent) == ("ada@example.org", "abuse", False)


ORDINARY = {
    "a customer asks about a bounce": "From: Ada <ada@example.org>\nSubject: Mail delivery failed\n",
    "a customer without envelope sender": "From: Ada <ada@example.org>\nReturn-Path: <>\nSubject: Printer\n",
    "a postmaster who writes himself": "From: postmaster@example.org\nSubject: Question about your printer\n",
    "the company's mail administrator": "From: Mail Administrator <admin@example.org>\nSubject: Re: user unknown?\n",
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_mail_is_no_bounce(name):
    assert read(f"{ORDINARY[name]}\nHello,\nwhen do you open?\n".encode()).bounce is None


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Auto-Submitted: auto-replied", "auto_reply"),
        ("Auto-Submitted: auto-replied; owner-email=a@example.org", "auto_reply"),
        ("X-Autoreply: yes", "auto_reply"),
        ("X-Autorespond: x", "auto_reply"),
        ("Precedence: auto_reply", "auto_reply"),
        ("Subject: Automatisk svar: Printer\nX-Auto-Response-Suppress: All", "auto_reply"),
        ("Subject: Autosvar: ferie\nAuto-Submitted: auto-generated", "auto_reply"),
        ("Auto-Submitted: auto-generated", "other"),
        ("Precedence: bulk", "other"),
        ("Return-Path: <>", "other"),
        ("List-Id: Printers <printers.example.org>", "list"),
        ("Precedence: list", "list"),
        ("Content-Type: multipart/report; report-type=disposition-notification; boundary=b", "receipt"),
        ("Content-Type: multipart/report; report-type=tlsrpt; boundary=b", "report"),
        ("Subject: Report Domain: example.org Submitter: google.com", "report"),
        ("X-Auto-Response-Suppress: All", None),
        ("Auto-Submitted: no", None),
        ("X-Autoreply: no", None),
        ("Subject: Out of office chairs?", None),
    ],
)
def test_automatic_mail_is_told_by_its_header(header, kind):
    found = read(f"From: Ada <ada@example.org>\n{header}\n\nWords.\n".encode()).automatic
    assert (found.kind if found else None) == kind
