"""What must be true of every mail that was read, whatever its bytes were."""

import hashlib
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from helpdesk.mail_in.storable import storable
from helpdesk.mail_reading.caps import MAX_FILENAME_CHARS
from helpdesk.mail_reading.mail import Mail
from helpdesk.mail_reading.safely import is_ordinary, read_safely
from helpdesk.mail_reading.wire import dump, load

READ_S = 2.0
"""CPU for a mail of a few kB; one from a stranger may take 10."""
HOSTILE_NAME = re.compile(r"[\x00-\x1f\x7f/\\\u202a-\u202e]")


def read_and_look(raw: bytes, most_s: float = READ_S) -> Mail:
    """Read the mail within `most_s` of CPU; fails on the first thing that is not as it must be."""
    started = time.process_time()
    mail = read_safely(raw)
    took_s = time.process_time() - started
    assert took_s < most_s, f"it took {took_s:.1f} s"
    assert not any("could not be read whole" in problem for problem in mail.problems), mail.problems
    if is_ordinary(raw):
        assert load(dump(mail)) == mail, "it is another mail once it has come from the child"
    for text in strings_in(mail):
        assert "\0" not in text, "a NUL"
        assert text.encode() == storable(text).encode(), "a lone surrogate"
    look_at_letter(mail)
    look_at_head(mail)
    look_at_files(mail)
    return mail


def look_at_letter(mail: Mail) -> None:
    """What is shown and what is folded are together the whole letter: no line lost, none added, each in its order."""
    whole, shown, folded = (_lines(text) for text in (mail.text, mail.reply_text, mail.quoted_text))
    assert Counter(whole) == Counter(shown) + Counter(folded), "lines are lost or doubled"
    for part in (shown, folded):
        rest = iter(whole)
        assert all(line in rest for line in part), "lines stand in another order"


def look_at_head(mail: Mail) -> None:
    """Nobody can put a second line or a blank into an address, an id or a subject."""
    people = [mail.sender, mail.original_sender, *mail.from_all, *mail.reply_to, *mail.to, *mail.cc]
    for person in (person for person in people if person is not None):
        assert not any(char.isspace() for char in person.email), person
        assert "\n" not in person.name, person
        assert "\r" not in person.name, person
    for name in (mail.message_id or "", *mail.in_reply_to, *mail.references):
        assert not re.search(r"[\s<>]", name), name
    assert not re.search(r"[\r\n]", mail.subject), mail.subject
    assert mail.date is None or mail.date.utcoffset() is not None


def look_at_files(mail: Mail) -> None:
    """Each attachment is what its hash and size say, under a name that can do no harm."""
    for file in mail.attachments:
        assert file.sha256 == hashlib.sha256(file.content).hexdigest()
        assert file.size == len(file.content)
        assert file.filename
        assert not HOSTILE_NAME.search(file.filename), file.filename
        assert file.filename.strip(". "), file.filename
        assert len(file.filename) <= MAX_FILENAME_CHARS, len(file.filename)


def strings_in(thing: Any) -> Iterator[str]:
    """Every text in a mail, however deep."""
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, tuple):
        for one in thing:
            yield from strings_in(one)
    elif is_dataclass(thing):
        for field in fields(thing):
            yield from strings_in(getattr(thing, field.name))


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]
