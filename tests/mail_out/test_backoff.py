"""How long to wait before the next try."""

from helpdesk.mail_out.backoff import pause_s


def test_the_pause_doubles_from_a_minute_up_to_four_hours() -> None:
    assert [pause_s(n, chance=0.5) // 60 for n in (1, 2, 3, 8, 9, 40, 10_000)] == [1, 2, 4, 128, 240, 240, 240]


def test_the_pause_is_spread_a_quarter_to_each_side() -> None:
    assert (pause_s(1, chance=0.0), pause_s(1, chance=1.0)) == (45, 75)
    assert all(45 <= pause_s(1) <= 75 for _ in range(100))
