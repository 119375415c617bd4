"""Words as the search index keeps them, looked up in PostgreSQL once each and then remembered.

The index would make the same of every message by itself; asking it once a word instead of once a message is what
makes a hundred thousand cases a matter of seconds. A test compares the two.
"""

from collections.abc import Iterable

from psycopg import Cursor

from helpdesk.search.words import PIECE

ASK = """
select word, tsvector_to_array(to_tsvector('simple', word) || to_tsvector('norwegian', word)
                               || to_tsvector('english', word))
from unnest(%s::text[]) as word
"""


class Stems:
    """Every word met so far, with its lexemes."""

    def __init__(self, cursor: "Cursor[tuple[str, list[str]]]"):
        self._cursor = cursor
        self._known: dict[str, tuple[str, ...]] = {}

    def learn(self, words: Iterable[set[str]]) -> None:
        """Look up those that are new."""
        new = set().union(*words) - self._known.keys()
        asked = [word for word in new if word.isalpha()]
        # What has a digit in it has no other stem than itself.
        self._known.update((word, (word,)) for word in new if not word.isalpha())
        if asked:
            self._cursor.execute(ASK, (asked,))
            self._known.update((word, tuple(lexemes)) for word, lexemes in self._cursor)

    def vector(self, weighed: Iterable[tuple[str, set[str]]]) -> str:
        """A tsvector as text; of a word that stands under two weights the first holds."""
        found: dict[str, str] = {}
        for weight, words in weighed:
            for word in words:
                for lexeme in self._known[word]:
                    found.setdefault(lexeme, weight)
        return " ".join([f"{lexeme}:1{weight}" for lexeme, weight in found.items()])


def words_of(text: str) -> set[str]:
    """The pieces of `text`, each once (see search.words.pieces; the demo's text is short and in one normal form)."""
    return set(PIECE.findall(text.lower()))
