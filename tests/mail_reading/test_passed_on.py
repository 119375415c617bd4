"""Mail that people and servers pass on: who wrote it, what it says, what the forwarder wrote above it."""

import pytest

from helpdesk.mail_reading.bare import read_bare
from helpdesk.mail_reading.read import read

WORDS = "My printer is on fire.\n\nPlease help.\nAda"
TO = "Kim Aas <kim@desk.example>"


def block(names):
    values = ("Ada Berg <ada@example.org>", "Tue, 7 May 2024 10:12", "Printer", TO)
    return "\n".join(f"{name}: {value}" for name, value in zip(names, values, strict=True))


SEPARATED = {
    "Gmail, English": ("---------- Forwarded message ---------", ("From", "Date", "Subject", "To")),
    "Gmail, Norwegian": ("---------- Forwarded message ---------", ("Fra", "Date", "Subject", "To")),
    "Thunderbird, Norwegian": ("-------- Videresendt melding --------", ("Fra", "Dato", "Emne", "Til")),
    "Apple, Norwegian": ("Videresendt melding:", ("Fra", "Dato", "Emne", "Til")),
    "Apple, Swedish": ("Vidarebefordrat brev:", ("Från", "Datum", "Ämne", "Till")),
    "Apple, Danish": ("Start på videresendt besked:", ("Fra", "Dato", "Emne", "Til")),
    "Apple, German": ("Anfang der weitergeleiteten Nachricht:", ("Von", "Datum", "Betreff", "An")),
    "Apple, French": ("Début du message transféré :", ("De", "Date", "Objet", "À")),
    "Apple, Spanish": ("Inicio del mensaje reenviado:", ("De", "Fecha", "Asunto", "Para")),
    "Apple, Dutch": ("Begin doorgestuurd bericht:", ("Van", "Datum", "Onderwerp", "Aan")),
    "Thunderbird, Italian": ("-------- Messaggio Inoltrato --------", ("Da", "Data", "Oggetto", "A")),
    "Thunderbird, Polish": ("-------- Treść przekazanej wiadomości --------", ("Od", "Data", "Temat", "Do")),
    "Thunderbird, Finnish": ("-------- Välitetty viesti --------", ("Lähettäjä", "Päiväys", "Aihe", "Vastaanottaja")),
    "Thunderbird, Turkish": ("-------- İletilen İleti --------", ("Kimden", "Tarih", "Konu", "Kime")),
    "Mail.ru": ("-------- Пересылаемое сообщение --------", ("От", "Дата", "Тема", "Кому")),
    "QQ": ("------------------ 转发的邮件 ------------------", ("发件人", "日期", "主题", "收件人")),
    "Japanese": ("---------- 転送されたメッセージ ---------", ("差出人", "日時", "件名", "宛先")),
    "an unknown language": ("-------- Zzzz qqqq --------", ("From", "Date", "Subject", "To")),
}


@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize("name", SEPARATED)
def test_a_forwarded_mail_below_a_separator_is_found(name, quoted):
    separator, names = SEPARATED[name]
    text = f"{block(names)}\n\n{WORDS}"
    if quoted:
        text = "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
    found = read_bare(f"Can you take this one?\n\n{separator}\n\n{text}\n".encode(), "text").forwarded
    assert (found.sender.name, found.sender.email) == ("Ada Berg", "ada@example.org")
    assert (found.subject, found.note, found.text) == ("Printer", "Can you take this one?", WORDS)
    assert found.to[0].email == "kim@desk.example"


@pytest.mark.parametrize(
    "subject", ["Fwd: Printer", "FW: Printer", "VS: Printer", "WG: Printer", "TR: Printer", "RV: Printer"]
)
def test_outlook_writes_no_separator_and_the_subject_decides(subject):
    body = f"________________________________\n{block(('Fra', 'Sendt', 'Emne', 'Til'))}\n\n{WORDS}\n".encode()
    found = read(f"From: Kim <kim@desk.example>\nSubject: {subject}\n\n".encode() + b"See below.\n\n" + body)
    assert found.forwarded.sender.email == "ada@example.org"
    assert found.forwarded.note == "See below."
    assert found.reply_text == "See below."


@pytest.mark.parametrize("subject", ["Re: Printer", "SV: Printer", "AW: Printer", "Printer"])
def test_a_reply_with_history_below_is_no_forward(subject):
    body = f"See below.\n\n{block(('Fra', 'Sendt', 'Emne', 'Til'))}\n\n{WORDS}\n".encode()
    assert read(f"Subject: {subject}\n\n".encode() + body).forwarded is None


def test_yahoo_runs_the_headers_together():
    line = "  ----- Videresendt melding ----- "
    line += "Fra: Ada Berg <ada@example.org>Til: kim@desk.exampleSendt: 7. mai 2024Emne: Printer"
    found = read_bare(f"{line}\n{WORDS}\n".encode(), "text").forwarded
    assert (found.sender.email, found.subject, found.text) == ("ada@example.org", "Printer", WORDS)


def test_a_mail_forwarded_as_an_attachment_is_read():
    raw = (
        b"From: kim@desk.example\nSubject: Fwd: Printer\nContent-Type: multipart/mixed; boundary=b\n\n"
        b"--b\n\nTake this.\n"
        b"--b\nContent-Type: message/rfc822\n\nFrom: Ada Berg <ada@example.org>\nSubject: Printer\n\nIt burns.\n--b--\n"
    )
    found = read(raw)
    assert (found.forwarded.sender.email, found.forwarded.note) == ("ada@example.org", "Take this.")
    assert found.forwarded.text == "It burns."
    assert found.attachments[0].content_type == "message/rfc822"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            "From: Ada via Printers <printers@lists.example>\nList-Id: <p>\nReply-To: Ada <ada@example.org>",
            "ada@example.org",
        ),
        ("From: printers@lists.example\nX-Original-From: Ada <ada@example.org>", "ada@example.org"),
        ("From: Ada <ada@example.org>\nResent-From: relay@example.net", "ada@example.org"),
        ("From: Ada <ada@example.org>\nReply-To: evil@example.net", None),
        ("From: Ada <ada@example.org>", None),
    ],
)
def test_the_writer_of_mail_that_a_server_passed_on(header, expected):
    found = read(f"{header}\nSubject: x\n\nWords.\n".encode()).original_sender
    assert (found.email if found else None) == expected
