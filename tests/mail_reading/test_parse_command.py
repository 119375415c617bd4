"""`flask mail parse`, as a person and as a script use it."""

import json

from click.testing import CliRunner

from helpdesk.mail_reading.cli import parse

MAIL = (
    b"From: Ada Berg <ada@example.org>\nTo: desk@desk.example\nSubject: Printer\nMessage-ID: <1@x>\n\nHelp!\n\n> old\n"
)
FIELDS = (
    "file from reply_to to cc subject date message_id in_reply_to references text html reply_text quoted_text"
    " attachments automatic bounce forwarded problems seconds"
)


def run(*arguments, stdin=None):
    return CliRunner().invoke(parse, [str(argument) for argument in arguments], input=stdin)


def test_json_has_one_object_a_line_with_every_field(tmp_path):
    for name in ("a.eml", "b.eml"):
        (tmp_path / name).write_bytes(MAIL)
    done = run("--json", tmp_path / "a.eml", tmp_path / "b.eml")
    first, second = map(json.loads, done.stdout.splitlines())
    assert set(FIELDS.split()) <= set(first)
    assert first["from"] == {"name": "Ada Berg", "email": "ada@example.org"}
    assert (first["reply_text"], first["quoted_text"]) == ("Help!", "> old")
    assert second["file"].endswith("b.eml")


def test_a_missing_file_is_said_and_the_others_are_printed(tmp_path):
    (tmp_path / "a.eml").write_bytes(MAIL)
    done = run(tmp_path / "none.eml", tmp_path / "a.eml")
    assert done.exit_code == 1
    assert "none.eml: cannot be read: No such file" in done.stderr
    assert "Printer" in done.stdout


def test_standard_input_and_bare_bodies_are_read():
    assert json.loads(run("--json", "-", stdin=MAIL).stdout)["subject"] == "Printer"
    found = json.loads(
        run("--json", "--body", "html", "-", stdin=b"<p>New</p><blockquote type=cite>old</blockquote>").stdout
    )
    assert (found["reply_text"], found["quoted_text"]) == ("New", "> old")
    assert json.loads(run("--json", "--body", "text", "-", stdin=b"New\n> old").stdout)["reply_text"] == "New"


def test_a_person_sees_sender_words_and_problems():
    done = run("-", stdin=MAIL.replace(b"\n\nHelp", b"\nContent-Type: text/plain; charset=none-such\n\nHelp"))
    assert "From:        Ada Berg <ada@example.org>" in done.stdout
    assert "Problem:     Unknown charset 'none-such'." in done.stdout
    assert "Help!" in done.stdout
