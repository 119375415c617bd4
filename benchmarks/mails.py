"""Mails to measure with: the same ones for the same seed, or those of a folder."""

import random
from email.message import EmailMessage
from pathlib import Path

WORDS = [
    "invoice",
    "order",
    "delivery",
    "address",
    "password",
    "login",
    "refund",
    "subscription",
    "screen",
    "printer",
    "error",
    "account",
    "payment",
    "faktura",
    "ordre",
    "levering",
    "adresse",
    "passord",
    "innlogging",
    "refusjon",
    "abonnement",
    "skjerm",
    "skriver",
    "feil",
    "konto",
    "betaling",
    "please",
    "help",
    "thanks",
    "question",
    "urgent",
    "når",
    "hvorfor",
    "kan",
    "jeg",
    "vi",
    "har",
    "ikke",
    "fått",
    "Ås",
    "smørbrød",
]
ATTACHED_BYTES = (50_000, 200_000)


def mails(count: int, seed: int = 1) -> list[bytes]:
    """`count` mails in the order in which they come: 70 % new matters, 30 % replies, a fifth with a file."""
    rng = random.Random(seed)
    threads: list[tuple[str, str, str]] = []
    made = []
    for n in range(count):
        mail = EmailMessage()
        if threads and rng.random() < 0.3:
            sender, subject, parent = rng.choice(threads[-200:])
            mail["Subject"] = f"Re: {subject}"
            mail["In-Reply-To"] = mail["References"] = parent
        else:
            sender = f"customer{rng.randrange(400)}@example{rng.randrange(40)}.example"
            subject = " ".join(rng.sample(WORDS, 5))
            mail["Subject"] = subject
            threads.append((sender, subject, f"<{seed}.{n}@mail.example>"))
        mail["From"], mail["To"] = f"Customer <{sender}>", "support@desk.example"
        mail["Message-ID"] = f"<{seed}.{n}@mail.example>"
        text = "\n\n".join(" ".join(rng.choices(WORDS, k=60)) for _ in range(4))
        mail.set_content(text)
        if rng.random() < 0.55:
            mail.add_alternative(f"<p>{text}</p>", subtype="html")
        if rng.random() < 0.2:
            data = rng.randbytes(rng.randint(*ATTACHED_BYTES))
            mail.add_attachment(data, maintype="application", subtype="pdf", filename=f"file-{n}.pdf")
        made.append(mail.as_bytes())
    return made


def mails_of(folder: Path, count: int) -> list[bytes]:
    """The first `count` .eml files of a folder, in the order of their names. Raises SystemExit when there are none."""
    found = [path.read_bytes() for path in sorted(folder.glob("*.eml"))[:count]]
    if not found:
        raise SystemExit(f"There are no .eml files in {folder}.")
    return found
