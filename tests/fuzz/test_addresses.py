"""Addresses, phone and organisation numbers: whatever was written, and whoever wants to seem somebody else."""

from hypothesis import example, given
from hypothesis import strategies as st

from helpdesk.customers.email_address import domain_of, is_role, normal_email, readable_email
from helpdesk.customers.match import clean
from helpdesk.customers.org_no import normal_org_no, readable_org_no
from helpdesk.customers.phone import normal_phone, readable_phone, searched_phones
from helpdesk.mail_reading.addresses import parse_addresses
from helpdesk.mail_reading.read import read
from tests.fuzz.mails import ADDRESSES, PEOPLE, TEXTS, encoded_words
from tests.fuzz.pace import tried, tries

EVIL = "bob@evil.example"
ALICE = [
    "alice@example.org",
    "<alice@example.org>",
    "alice@example.org>",
    "a, alice@example.org",
    "alice@example.org (",
    "x: y;",
]
TEMPTING = st.lists(
    st.sampled_from([*ALICE, "Alice", ",", ";", ":", "\\", "<", ">", "(", ")", "@", "é"]) | TEXTS, max_size=5
)
TEMPTING_TEXT = TEMPTING.map(" ".join).map(
    lambda text: "".join(char for char in text if char.isprintable()).encode("utf-8", "ignore").decode()
)
PLAIN_WORDS = st.lists(
    st.sampled_from(
        ["Alice", "alice@example.org", "via", "|", "a@b", "alice.example.org", "=40", "é", "'alice@example.org'"]
    ),
    max_size=4,
).map(" ".join)


def quoted(text: str) -> str:
    """As RFC 5322, 3.2.4 wants it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def in_comment(text: str) -> str:
    """As RFC 5322, 3.2.2 wants it."""
    return "(" + "".join(f"\\{char}" if char in "()\\" else char for char in text) + ")"


@st.composite
def deceits(draw: st.DrawFn) -> str:
    """One well-formed mailbox of bob's whose name, comment or encoded word says that it is alice's."""
    shape = draw(st.integers(0, 3))
    if shape == 0:
        return f"{draw(PLAIN_WORDS)} <{EVIL}>"
    if shape == 1:
        return f"{quoted(draw(TEMPTING_TEXT))} <{EVIL}>"
    if shape == 2:
        packed = draw(TEMPTING_TEXT).encode().hex("=").upper()
        return f"=?utf-8?q?{'=' + packed if packed else ''}?= <{EVIL}>"
    return f"{in_comment(draw(TEMPTING_TEXT))} {draw(PLAIN_WORDS)} <{EVIL}> {in_comment(draw(TEMPTING_TEXT))}"


@tries(200)
@given(deceits())
@example('"alice@example.org, carol@example.org" <bob@evil.example>')
def test_no_name_makes_another_the_sender(line: str) -> None:
    assert [one.email for one in parse_addresses(line)] == [EVIL], line
    mail = read(f"From: {line}\nSubject: x\n\nHello.\n".encode())
    assert mail.sender is not None
    assert mail.sender.email == EVIL, line
    assert len(mail.from_all) == 1, line
    tried("deceitful senders")


@tries(200)
@given(st.one_of(PEOPLE, TEXTS, st.lists(encoded_words()).map(", ".join)), st.integers(1, 20))
def test_every_list_of_addresses_is_read(text: str, limit: int) -> None:
    found = parse_addresses(text, limit)
    assert len(found) <= limit
    assert not any(char.isspace() for one in found for char in one.email), found
    tried("address lists")


@tries(200)
@given(ADDRESSES | TEXTS | st.emails() | st.builds("{}@{}".format, TEXTS, TEXTS))
def test_an_address_has_one_normal_form(text: str) -> None:
    found = normal_email(text)
    tried("e-mail addresses")
    if found is None:
        return
    assert normal_email(found) == found, "a second look makes another customer of it"
    assert found.count("@") >= 1
    assert found == found.lower() or not found.isascii()
    assert domain_of(found)
    assert len(found) <= 320
    readable_email(found)
    is_role(found)


@tries(150)
@given(TEXTS | st.text("+0123456789 ()-./", max_size=20) | st.integers().map(str))
def test_a_phone_number_has_one_normal_form(text: str) -> None:
    found = normal_phone(text)
    assert found is None or normal_phone(found) == found
    readable_phone(text)
    searched_phones(text)
    tried("phone numbers")


@tries(150)
@given(TEXTS | st.from_regex(r"(NO)?[ .]?[0-9]{3}[ \u00a0.-]?[0-9]{3} ?[0-9]{3}( ?MVA)?", fullmatch=True))
def test_an_organisation_number_is_nine_digits_or_none(text: str) -> None:
    found = normal_org_no(text)
    if found is not None:
        assert found.isascii()
        assert len(found) == 9
        assert normal_org_no(readable_org_no(found)) == found
    tried("organisation numbers")


@tries(200)
@given(TEXTS, st.integers(1, 20))
def test_a_cleaned_name_is_one_line_that_a_database_takes(text: str, length: int) -> None:
    found = clean(text, length)
    assert found == found.strip()
    assert len(found) <= length
    assert found.encode().decode() == found
    assert clean(found, length) == found
    tried("names")
