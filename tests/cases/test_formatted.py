"""A mail's own HTML in its frame."""

import pytest

from helpdesk.cases.formatted import clean


@pytest.mark.parametrize(
    "address", ["data:text/html,<b>x</b>", " DATA:text/html;base64,PGI+", "cid:a@b", "javascript:x()"]
)
def test_a_link_leads_to_the_web_a_mailbox_or_a_phone_and_nowhere_else(address: str) -> None:
    assert "href" not in clean(f'<a href="{address}">Your invoice</a>', {}, images=True)
    assert 'href="https://example.net/"' in clean('<a href="https://example.net/">Ours</a>', {}, images=False)


def test_a_picture_that_came_along_is_shown_and_one_from_elsewhere_only_when_asked_for() -> None:
    html = '<img src="cid:logo@x"><img src="https://example.net/pixel.gif">'
    own = {"logo@x": "data:image/png;base64,AAAA"}
    assert "data:image/png" in clean(html, own, images=False)
    assert "pixel.gif" not in clean(html, own, images=False)
    assert "pixel.gif" in clean(html, own, images=True)
