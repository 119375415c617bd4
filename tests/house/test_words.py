"""Every string on the screen has its Norwegian translation, in the room it belongs to, and none is left over."""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

SOURCES = Path(__file__).parent.parent.parent / "helpdesk"
KEYWORDS = {"_": None, "_l": None, "lazy": None, "_n": (1, 2), "ngettext": (1, 2)}
SHARED = ("", "core")
"""Whose words every room may use: the shared templates and the core."""


def room_of(path: Path) -> str:
    """The room a file stands in; "" for what stands above the rooms."""
    first = path.relative_to(SOURCES).parts[0]
    return "" if first == "templates" or first.endswith((".py", ".po")) else first


def used_words() -> dict[str, set[str]]:
    """Room → the strings its code and templates show (of a plural the singular)."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in [*SOURCES.rglob("*.py"), *SOURCES.rglob("*.html")]:
        kind = "python" if path.suffix == ".py" else "jinja2.ext:babel_extract"
        options = {"extensions": "jinja2.ext.i18n", "silent": "false"} if path.suffix == ".html" else {}
        for _line, message, _comments, _context in extract_from_file(kind, path, keywords=KEYWORDS, options=options):
            found[room_of(path)].add(message[0] if isinstance(message, tuple) else message)
    return found


def kept_words() -> dict[str, dict[str, tuple[str, ...]]]:
    """Room → string → its Norwegian forms."""
    kept: dict[str, dict[str, tuple[str, ...]]] = {}
    for path in SOURCES.rglob("nb.po"):
        with path.open("rb") as file:
            kept[room_of(path)] = {
                message.id if isinstance(message.id, str) else message.id[0]: (
                    (message.string,) if isinstance(message.string, str) else tuple(message.string)
                )
                for message in read_po(file, locale="nb")
                if message.id
            }
    return kept


USED, KEPT = used_words(), kept_words()
EVERYWHERE = set().union(*USED.values())


@pytest.mark.parametrize("room", sorted(USED))
def test_every_string_of_a_room_is_in_norwegian(room: str):
    here = {word for owner in {room, *SHARED} for word, forms in KEPT.get(owner, {}).items() if all(forms)}
    missing = sorted(USED[room] - here)
    file = "/".join(part for part in ("helpdesk", room, "nb.po") if part)
    assert not missing, f"{file} lacks:\n\n" + "\n".join(f'msgid "{word}"\nmsgstr ""\n' for word in missing)


@pytest.mark.parametrize("room", sorted(KEPT))
def test_no_translation_is_left_over(room: str):
    users = EVERYWHERE if room in SHARED else USED[room]
    assert sorted(set(KEPT[room]) - users) == []


def test_the_rooms_agree_on_a_translation():
    forms: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for words in KEPT.values():
        for word, translated in words.items():
            forms[word].add(translated)
    assert {word: found for word, found in forms.items() if len(found) > 1} == {}


def test_a_translation_fills_in_the_same_values():
    def values(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)[sd]|\{\w+\}", text))

    wrong = [
        (word, form)
        for words in KEPT.values()
        for word, forms in words.items()
        for form in forms
        # The singular of a plural may leave its number out.
        if values(form) - {"%(n)s"} != values(word) - {"%(n)s"}
    ]
    assert wrong == []
