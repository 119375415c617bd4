"""What is new in a mail and what is history: a mark for each line, nothing is taken away.

In doubt a line is shown. Work is bounded: each line is looked at a few times, and hostile bodies run out of attempts.
"""

from __future__ import annotations

import re

from helpdesk.mail_reading.attribution import MAX_LINES, is_dashed, join, may_end, strength
from helpdesk.mail_reading.caps import MAX_LINE_CHARS
from helpdesk.mail_reading.header_block import header_block, header_line
from helpdesk.mail_reading.quote_words import FORWARDED_WORDS, ORIGINAL_WORDS
from helpdesk.mail_reading.signatures import is_footer, signature_start

_SEPARATORS = frozenset(FORWARDED_WORDS.split("|")) | frozenset(ORIGINAL_WORDS.split("|"))
_BARE_SEPARATORS = frozenset(word for word in _SEPARATORS if " " in word or not word.isascii())
_DASHES = re.compile(r"\s{0,4}(?:[-_*=~#–—]\s?){2,200}[-_*=~#–—]")
_LINK_TAIL = re.compile(r"\s*\(?<?https?://\S{1,2000}\)?>?\s*>?\s*$")
_RULE = re.compile(r"[\s>]{0,8}[-_*=–—]{3,200}\s*$")
_WROTE_TAIL = re.compile(r"\s{0,3}>[^>]{0,30}[:：]\s*$")
_MAX_ATTEMPTS = 5_000


class Splitter:
    """One pass over the lines of a body. `hints` says which lines the HTML's markup calls history."""

    def __init__(self, lines: list[str], hints: list[bool] | None = None) -> None:
        self.lines = [line if len(line) <= MAX_LINE_CHARS else line[:MAX_LINE_CHARS] for line in lines]
        self.folded = [False] * len(lines)
        self.attempts = 0
        self.known = 0
        self.history = False
        self.quoted = [_is_quoted(line) for line in self.lines]
        for index in range(1, len(self.lines)):
            if self.quoted[index] and _opens_bracket(self.lines[index - 1]) and _WROTE_TAIL.match(self.lines[index]):
                self.quoted[index] = False
        if hints:
            self.quoted = [mine or hint for mine, hint in zip(self.quoted, hints, strict=True)]
            self.history = any(hints)

    def split(self) -> list[bool]:
        """For each line whether it is folded away as history or signature."""
        position, count = 0, len(self.lines)
        while position < count:
            if self.quoted[position] or not self.lines[position].strip():
                position += 1
                continue
            end, kind = self._introduction(position)
            if end <= position:
                position += 1
                continue
            position = self._fold_history(position, end, kind)
        self._fold_quotes()
        self._fold_seals()
        self._fold_signatures()
        self._fold_blank_edges()
        return self.folded

    def _introduction(self, start: int) -> tuple[int, str]:
        """The end of what introduces history at this line, and its kind; the line itself if there is nothing."""
        line = self.lines[start]
        if is_separator(line):
            end = self._next_filled(start + 1)
            block = header_block(self.lines, end) if end < len(self.lines) else None
            return (block[1] if block else start + 1), "block"
        if header_line(line) is not None:
            self.attempts += 1
            block = header_block(self.lines, start) if self.attempts <= _MAX_ATTEMPTS else None
            if block is not None:
                return block[1], "block"
        if _RULE.match(line):
            end = self._next_filled(start + 1)
            if end < len(self.lines) and end - start <= 3 and not self.quoted[end]:
                found, kind = self._introduction(end) if not _RULE.match(self.lines[end]) else (end, "")
                return (found, kind) if found > end else (start, "")
        end = self._attribution(start)
        return end, "attribution"

    def _attribution(self, start: int) -> int:
        """The line after an attribution that begins at `start`, or `start`."""
        if is_dashed(self.lines[start]):
            return start + 1
        blanks = 0
        for end in range(start, min(start + MAX_LINES, len(self.lines))):
            if self.quoted[end] and end > start:
                break
            if not self.lines[end].strip():
                blanks += 1
                if blanks > 2:
                    break
                continue
            if not may_end(self.lines[end]):
                continue
            if surely := self._strength(start, end):
                if surely == 1 and blanks:
                    return start
                later = (index for index in range(start + 1, end + 1) if self.lines[index].strip())
                return start if any(self._strength(index, end) >= surely for index in later) else end + 1
        return start

    def _strength(self, start: int, end: int) -> int:
        self.attempts += 1
        if self.attempts > _MAX_ATTEMPTS:
            return 0
        following = self._next_filled(end + 1)
        quoted_next = following < len(self.lines) and (self.quoted[following] or self._piped(following))
        text = join(self.lines[start : end + 1])
        return strength(text, quoted_next=quoted_next, single=start == end)

    def _fold_history(self, start: int, end: int, kind: str) -> int:
        """Fold the introduction and what it introduces; returns where to read on."""
        written = self._written(start)
        self.history = True
        self._fold(start, end)
        following = self._next_filled(end)
        if following >= len(self.lines):
            return len(self.lines)
        if self.quoted[following] or self._piped(following):
            return self._fold_quotation(following)
        if written:
            self._fold(end, len(self.lines))
            return len(self.lines)
        return end

    def _written(self, start: int) -> bool:
        """Whether the writer wrote anything above line `start`. Folded lines stay folded, so each is looked at once."""
        while self.known < start and not self._own(self.known):
            self.known += 1
        return self.known < start

    def _own(self, index: int) -> bool:
        """Whether this line is something that the writer wrote: not folded, not quoted, more than a greeting rule."""
        return not self.folded[index] and not self.quoted[index] and any(char.isalnum() for char in self.lines[index])

    def _piped(self, index: int) -> bool:
        return self.lines[index].lstrip().startswith("|")

    def _fold_quotation(self, position: int) -> int:
        """Fold quoted lines and the blanks and stray links between them."""
        piped = self._piped(position) and not self.quoted[position]
        first = last = position
        while position < len(self.lines):
            line = self.lines[position]
            if self._piped(position) if piped else self.quoted[position]:
                last = position + 1
            elif line.strip() and not (_LINK_TAIL.match(line) and self._quoted_soon(position)):
                break
            position += 1
        self._fold(first, last)
        return last

    def _quoted_soon(self, position: int) -> bool:
        following = self._next_filled(position + 1)
        return following < len(self.lines) and self.quoted[following]

    def _fold_quotes(self) -> None:
        """Quoted lines: all where history was introduced, else those below the writer's last words."""
        count = len(self.lines)
        self.history = self.history or self._attributed_inside()
        last_own = max((index for index in range(count) if self._own(index)), default=-1)
        for index in range(count):
            if self.quoted[index] and (self.history or index > last_own):
                self.folded[index] = True

    def _attributed_inside(self) -> bool:
        """Whether a quotation begins with its own attribution, as Apple's programs write it."""
        for index in range(len(self.lines)):
            if self.quoted[index] and (index == 0 or not self.quoted[index - 1]):
                first = join([self.lines[index].lstrip("> \t")])
                self.attempts += 1
                if self.attempts < _MAX_ATTEMPTS and strength(first, quoted_next=True, single=True) == 2:
                    return True
        return False

    def _fold_seals(self) -> None:
        """The lines that PGP puts around a signed text."""
        inside = heading = False
        for index, line in enumerate(self.lines):
            if line.startswith("-----BEGIN PGP SIGNATURE-----"):
                inside = True
            heading = line.startswith("-----BEGIN PGP SIGNED MESSAGE-----") or (heading and line.startswith("Hash:"))
            if inside or heading:
                self.folded[index] = True
            if line.startswith("-----END PGP SIGNATURE-----"):
                inside = False

    def _fold_signatures(self) -> None:
        """The signature at the end of each stretch of the writer's own, if other words of the writer's are left."""
        stretches = self._stretches()
        total = sum(self._count(start, end) for start, end in stretches)
        for start, end in stretches:
            cut = start + signature_start(self.lines[start:end])
            signed = self._count(cut, end)
            if cut < end and (total > signed or is_footer(self.lines[start])):
                self._fold(cut, end)
                total -= signed

    def _count(self, start: int, end: int) -> int:
        return sum(self._own(index) for index in range(start, end))

    def _stretches(self) -> list[tuple[int, int]]:
        """The runs of lines that are neither folded nor quoted, with something in them."""
        found: list[tuple[int, int]] = []
        start = -1
        for index in range(len(self.lines) + 1):
            own = index < len(self.lines) and not self.folded[index] and not self.quoted[index]
            if own and start < 0:
                start = index
            elif not own and start >= 0:
                if any(line.strip() for line in self.lines[start:index]):
                    found.append((start, index))
                start = -1
        return found

    def _fold_blank_edges(self) -> None:
        """Blank lines beside folded ones go with them."""
        for index in range(len(self.lines) - 1, -1, -1):
            after = index + 1 >= len(self.lines) or self.folded[index + 1]
            if after and not self.lines[index].strip():
                self.folded[index] = True

    def _fold(self, start: int, end: int) -> None:
        for index in range(start, end):
            self.folded[index] = True

    def _next_filled(self, position: int) -> int:
        while position < len(self.lines) and not self.lines[position].strip():
            position += 1
        return position


def lower(text: str) -> str:
    """Small letters, the Turkish dotted capital too."""
    return text.lower().replace("i̇", "i")


def attribution_end(lines: list[str], start: int) -> int:
    """The line after an attribution that begins at `start`, or `start`."""
    near = lines[start : start + MAX_LINES * 2]
    return start + Splitter(near)._attribution(0)


def _is_quoted(line: str) -> bool:
    bare = line.lstrip(" \t\ufeff\xa0")
    return bare.startswith((">", "＞", "&gt;")) and len(line) - len(bare) <= 8


def _opens_bracket(line: str) -> bool:
    """Whether an address that began on this line ends on the next: `Jane <jane@x` and then `> wrote:`."""
    return line.rfind("<") > line.rfind(">") or line.lstrip().startswith("mailto:")


def is_separator(line: str) -> bool:
    """`-----Original Message-----`, `Begin forwarded message:` and their kin in other languages."""
    if len(line) > 150:
        return False
    bare = line.strip(" \t*_-=~–—>#|:：.\xa0\ufeff")
    bare = lower(bare)
    if not bare:
        return False
    if bare in _BARE_SEPARATORS and (line.rstrip().endswith((":", "：")) or _DASHES.match(line)):
        return True
    return (
        bare in _SEPARATORS
        and _DASHES.match(line) is not None
        and line.rstrip(" \t*").endswith(("-", "_", "=", "~", "—", "–"))
    )
