"""What may stand in a field, a parameter or a place of an address, and should not."""

import base64
import json
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.mails import ADDRESSES, ODD, TEXTS

MARK_TAG, MARK_ATTRIBUTE = "fuzz-mark", "fuzz-attribute"
"""Whoever finds these as a tag or an attribute on a page has found what was typed, not quoted."""
MARKS = [
    f'"><{MARK_TAG} {MARK_ATTRIBUTE}=1>', f"' {MARK_ATTRIBUTE}=1 '", f"</textarea><{MARK_TAG}>",
    f"</title><{MARK_TAG}>", f"--><{MARK_TAG}>", f"<script>{MARK_ATTRIBUTE}</script>", f"`<{MARK_TAG}`",
    "javascript:alert(1)", "{{7*7}}", "${7*7}", "%s%n",
]  # fmt: skip
NUMBERS = [
    "0", "-1", "1", "2", "1001", "00001", "+1", " 1 ", "1.5", "1e9", "NaN", "Infinity", "0x10", "²", "१२",
    "2147483648", "9223372036854775807", "9223372036854775808", "9" * 100, "9" * 5000, "true", "null", "None", "[]",
    "1;select 1", "1'--",
]  # fmt: skip
ELSEWHERE = [
    "//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
    "/%0d%0aX-Evil:1", "/queue\r\nX-Evil: 1", "javascript:1", "///evil.example", "http:evil.example",
    "/.evil.example", "@evil.example", "/queue",
]  # fmt: skip
MOMENTS = [
    "2026-11-02T09:12:00+00:00", "2026-11-02", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
    "2026-11-02T09:12:00", "20261102T091200Z", "2026-W45-1", "",
]  # fmt: skip


def as_cursor(text: str) -> str:
    """Packed as helpdesk.core.paging packs."""
    return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")


KEYS = st.lists(
    st.sampled_from([*MOMENTS, 0, -1, 1, 2**31, 2**63 - 1, 2**63, 1.5, True, None, "", "a", "\ud800", "\0", [], {}]),
    max_size=3,
)
CURSORS = st.one_of(
    KEYS.map(lambda key: as_cursor(json.dumps(key))),
    st.sampled_from(
        [
            "[" * 5000,
            "[" * 5000 + "]" * 5000,
            "{}",
            "1",
            '"ab"',
            '{"a":1,"b":2}',
            "nul",
            "[NaN,1]",
            "[" + "9" * 5000 + "]",
        ]
    ).map(as_cursor),
    st.sampled_from(["é", "=", "====", "a", "A" * 4001, "_-_-"]),
)
VALUES = st.one_of(
    st.sampled_from(ODD), st.sampled_from(MARKS), st.sampled_from(NUMBERS), st.sampled_from(MOMENTS),
    st.sampled_from(ELSEWHERE), CURSORS, ADDRESSES, TEXTS,
)  # fmt: skip
"""Any text a stranger might send in any place."""
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), VALUES, st.sampled_from([10**400, -(2**63), 1e308])
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(VALUES, inner, max_size=3),
    max_leaves=5,
)


def sendable(text: str) -> str:
    """As a browser can send it: a lone surrogate stands in no address and no form."""
    return text.encode("utf-8", "replace").decode()
