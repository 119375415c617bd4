"""A cursor that we did not write is refused in plain words."""

from datetime import datetime

import pytest

from helpdesk.core.errors import InvalidInput
from helpdesk.core.paging import decode, encode


def test_a_cursor_comes_back_as_it_went() -> None:
    key = [datetime.fromisoformat("2026-11-02T09:12:00+00:00"), 17, "Ås"]
    assert decode(encode(key), [datetime, int, str]) == key


@pytest.mark.parametrize(
    "forged",
    ["", "!", "bm8", encode([2**63]), encode([-1]), encode(["x"]), encode([1, 2]), encode([None]), encode([True]), "é"],
)
def test_a_forged_cursor_is_refused(forged: str) -> None:
    with pytest.raises(InvalidInput):
        decode(forged, [int])


def test_a_cursor_with_nul_never_reaches_the_database() -> None:
    with pytest.raises(InvalidInput):
        decode(encode(["a\x00b"]), [str])
