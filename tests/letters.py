"""Mails written for the tests."""

from email.message import EmailMessage
from email.utils import make_msgid


def letter(text: str = "The printer is on fire.", **fields: str) -> bytes:
    """A plain mail as bytes. Fields by name with _ for -, such as from_, in_reply_to, message_id; "" leaves one out."""
    mail = EmailMessage()
    given = {
        "from": "Solveig Dahl <solveig@fjordlys.example>",
        "to": "support@desk.example",
        "subject": "Printer on fire",
        "message-id": make_msgid(domain="fjordlys.example"),
        "date": "Mon, 02 Nov 2026 09:12:00 +0100",
    }
    given.update({name.rstrip("_").replace("_", "-"): value for name, value in fields.items()})
    for name, value in given.items():
        if value:
            mail[name] = value
    mail.set_content(text)
    return mail.as_bytes()


def letter_with_file(text: str, number: int) -> bytes:
    """A mail from a customer of its own, with a file that no other mail has."""
    mail = EmailMessage()
    mail["From"] = f"Customer {number} <customer{number}@kunde{number}.example>"
    mail["To"] = "support@desk.example"
    mail["Subject"] = f"Matter {number}"
    mail["Message-ID"] = make_msgid(domain="kunde.example")
    mail.set_content(text)
    data = bytes(range(256)) * 40 + str(number).encode()
    mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=f"file{number}.bin")
    return mail.as_bytes()
