"""Text that may stand in a row and in a header, whatever was typed."""

import unicodedata

KEPT_IN_TEXT = "\n\t"


def clean_text(text: str) -> str:
    """`text` with line ends as \\n, and without what a mail or PostgreSQL cannot hold: controls and lone surrogates."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.encode("utf-8", "replace").decode()
    return "".join(char for char in text if char in KEPT_IN_TEXT or unicodedata.category(char) != "Cc")


def one_line(text: str, longest: int) -> str:
    """`text` on a single line of at most `longest` characters: a line break in a header would begin another header."""
    return " ".join(clean_text(text).split())[:longest].strip()
