"""One open stream: what it still has to say, and how it says it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

HEARTBEAT_S = 15.0
RECONNECT_MS = 2000
PUSHED_OUT_MS = 20_000
"""A stream that made room for a newer one of the same agent comes back later than one that was cut off."""
BEHIND_MAX = 2000
"""A browser that is so many events behind is cut off: it comes back and is told what matters."""


@dataclass(eq=False)
class Line:
    """A stream of agent `agent_id`, opened by the sign-in whose secret has this fingerprint."""

    agent_id: int
    sign_in: bytes
    _waiting: SimpleQueue[str | None] = field(default_factory=SimpleQueue)

    def say(self, words: str) -> None:
        """Send `words` when the browser takes them."""
        if self._waiting.qsize() > BEHIND_MAX:
            self.end()
        self._waiting.put(words)

    def end(self, last_words: str = "") -> None:
        """Say `last_words` and end."""
        if last_words:
            self._waiting.put(last_words)
        self._waiting.put(None)

    def words(self) -> Iterator[str]:
        """Everything said on this line, until it ends; a comment every HEARTBEAT_S shows that it is alive."""
        yield f"retry: {RECONNECT_MS}\n\n"
        while True:
            try:
                words = self._waiting.get(timeout=HEARTBEAT_S)
            except Empty:
                words = ": still here\n\n"
            if words is None:
                return
            yield words
