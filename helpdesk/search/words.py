"""Text as the index and the search box see it: pieces of letters and digits. Pure."""

import re
import unicodedata
from collections.abc import Iterable

PIECE = re.compile(r"[^\W_]+")
"""Linear: no choice and no repetition inside a repetition."""
TEXT_MAX = 100_000
PIECES_MAX = 15_000
"""Of one message. Three dictionaries make at most three lexemes of each; PostgreSQL takes 1 MB of them."""
PIECE_MAX = 60
"""Longer ones are keys and encoded files; a longer word in the search box is cut alike."""


def pieces(text: str, most: int = PIECES_MAX) -> list[str]:
    """The pieces of `text` in lower case, in their order: `Ola.Nordmann@fjord.example` has four.

    Index and search box split alike, so a part of an address, of a file name or of an order number is found.
    Composed and decomposed letters (å) become the same; everything beyond TEXT_MAX characters is left out.
    """
    plain = unicodedata.normalize("NFKC", text[:TEXT_MAX]).lower()
    found = [match.group()[:PIECE_MAX] for match, _n in zip(PIECE.finditer(plain), range(most), strict=False)]
    return [piece for piece in found if piece.isascii() or _is_sayable(piece)]


def joined(texts: Iterable[str]) -> str:
    """The pieces of all `texts` with spaces between them."""
    return " ".join(" ".join(pieces(text)) for text in texts if text)


def _is_sayable(piece: str) -> bool:
    """No lone surrogates: the database takes none."""
    return not any("\ud800" <= letter <= "\udfff" for letter in piece)
