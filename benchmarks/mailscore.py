"""Score the mail reader on a folder of real mails and list what it misses.

    python benchmarks/mailscore.py DIR [--kind reply] [--show] [--half 0|1]

DIR holds expected.jsonl, a line a file: {"file", "kind", …}; kinds are
 parse, reply, reply_eml, reply_html, forward, bounce, raw.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import zlib
from collections import Counter, defaultdict
from email import message_from_bytes
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from helpdesk.mail_reading.bare import read_bare
from helpdesk.mail_reading.mail import Address, Mail
from helpdesk.mail_reading.read import read

Marks = dict[str, bool]
TARGETS = {
    "reply": 90, "reply_eml": 90, "reply_html": 89, "forward detected": 98, "forward sender": 95, "bounce detected": 95,
    "bounce count": 93, "bounce status class": 92, "bounce none of ordinary mail": 100,
    "parse from": 98, "parse subject": 98,
    "parse text": 95, "parse attachments": 95, "no exception": 100, "under 2 s": 100, "nothing folded is lost": 100,
}  # fmt: skip


def folded(text: str) -> str:
    """White space folded, as replies are compared."""
    return " ".join(text.split())


def score_reply(mail: Mail, expected: dict) -> Marks:
    got = folded(mail.reply_text)
    good = folded(expected["reply"]) == got if "reply" in expected else True
    good &= all(folded(words) in got for words in expected.get("contains", []))
    good &= all(folded(words) not in got for words in expected.get("not_contains", []))
    good &= got.startswith(folded(expected.get("prefix", "")))
    return {expected["kind"]: good}


def score_forward(mail: Mail, expected: dict) -> Marks:
    found = mail.forwarded
    marks = {"forward detected": (found is not None) == expected["forwarded"]}
    if not expected["forwarded"]:
        return marks
    sender = found.sender if found and found.sender else Address("", "")
    name, email = (expected["from"] + ["", ""])[:2]
    marks["forward sender"] = (sender.name or "", sender.email or "") == (name or "", email or "")
    marks["forward subject"] = bool(found) and folded(found.subject) == folded(expected.get("subject") or "")
    if "body" in expected:
        marks["forward body"] = bool(found) and folded(found.text) == folded(expected["body"] or "")
    if "message" in expected:
        marks["forward note"] = bool(found) and folded(found.note) == folded(expected["message"] or "")
    if expected.get("to0"):
        marks["forward to"] = bool(found and found.to) and expected["to0"] in (found.to[0].email, found.to[0].name)
    if expected.get("cc"):
        marks["forward cc"] = bool(found) and [address.email for address in found.cc] == list(expected["cc"])
    return marks


def score_bounce(mail: Mail, expected: dict) -> Marks:
    wanted = [one for one in expected["recipients"] if one["reason"] != "vacation"]
    got = list(mail.bounce.recipients) if mail.bounce else []
    if not wanted:
        return {"bounce none of ordinary mail": mail.bounce is None}
    marks = {"bounce detected": mail.bounce is not None, "bounce count": len(wanted) == len(got)}
    classes = Counter(one["dsn"][:1] for one in wanted if one["dsn"])
    if classes:
        found = Counter((one.status or one.code)[:1] for one in got)
        marks["bounce status class"] = classes == found
    complaints = [one["feedback_type"] for one in wanted if one["feedback_type"]]
    if complaints:
        marks["bounce feedback type"] = complaints == [one.feedback_type for one in got]
    return marks


def score_parse(mail: Mail, expected: dict) -> Marks:
    def pairs(addresses: tuple[Address, ...]) -> list[list[str]]:
        return [[address.name, address.email] for address in addresses]

    def wanted(name: str) -> list[list[str]]:
        return [[one[0] or "", one[1] or ""] for one in expected[name]]

    texts = [folded(text) for text in expected["text_bodies"] if text and text not in expected["html_bodies"]]
    htmls = [folded(text) for text in expected["html_bodies"] if text and text not in expected["text_bodies"]]
    return {
        "parse from": pairs(mail.from_all) == wanted("from"),
        "parse to": pairs(mail.to) == wanted("to"),
        "parse cc": pairs(mail.cc) == wanted("cc"),
        "parse subject": folded(mail.subject) == folded(expected.get("subject") or ""),
        "parse message id": (mail.message_id or "") == (expected.get("message_id") or ""),
        "parse text": all(text in folded(mail.text) for text in texts),
        "parse html": all(text in folded(mail.html) for text in htmls),
        "parse attachments": len(mail.attachments) == expected["n_attachments"],
    }


SCORERS = {
    "reply": score_reply, "reply_eml": score_reply, "reply_html": score_reply,
    "forward": score_forward, "bounce": score_bounce, "parse": score_parse,
}  # fmt: skip


def read_one(raw: bytes, expected: dict) -> Mail:
    if expected["kind"] in ("reply", "forward"):
        return read_bare(raw, "text", expected.get("mail_subject"))
    return read_bare(raw, "html") if expected["kind"] == "reply_html" else read(raw)


def nothing_lost(mail: Mail) -> bool:
    """Shown and folded together are every line of the text."""
    lines = Counter(line for line in mail.text.split("\n") if line.strip())
    kept = Counter(line for text in (mail.reply_text, mail.quoted_text) for line in text.split("\n") if line.strip())
    return lines == kept


def speed(mails: list[bytes]) -> str:
    def rate(reader) -> float:
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            for raw in mails:
                reader(raw)
            seconds.append(time.perf_counter() - start)
        return len(mails) / median(seconds)

    mine, bare = rate(read), rate(message_from_bytes)
    return f"{mine:.0f} mails/s; Python's bare parser {bare:.0f} mails/s ({mine / bare:.0%} of it)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind")
    parser.add_argument("--half", type=int, help="only one half of the files, 0 or 1")
    parser.add_argument("--show", action="store_true", help="show what was read of each miss")
    options = parser.parse_args()
    marks: dict[str, list[bool]] = defaultdict(list)
    misses: dict[str, list[str]] = defaultdict(list)
    messages: list[bytes] = []
    for line in (options.folder / "expected.jsonl").read_text("utf-8").splitlines():
        expected = json.loads(line)
        if options.kind and expected["kind"] != options.kind:
            continue
        if options.half is not None and zlib.crc32(expected["file"].encode()) % 2 != options.half:
            continue
        raw = (options.folder / expected["file"]).read_bytes()
        mail = read_one(raw, expected)
        scorer = SCORERS.get(expected["kind"])
        found = scorer(mail, expected) if scorer else {}
        found["no exception"] = not any("could not be read whole" in problem for problem in mail.problems)
        found["under 2 s"] = mail.seconds < 2
        found["nothing folded is lost"] = nothing_lost(mail)
        if expected["kind"] in ("parse", "raw", "bounce", "reply_eml"):
            messages.append(raw)
        for name, good in found.items():
            marks[name].append(good)
            if not good:
                misses[name].append(expected["file"])
                if options.show:
                    print(f"--- {name}: {expected['file']}\n{mail.reply_text[:600]}\n{mail.forwarded}\n{mail.bounce}\n")
    for name in sorted(marks):
        right, total = sum(marks[name]), len(marks[name])
        short = right * 100 < TARGETS.get(name, 0) * total
        target = f" (mark {TARGETS[name]} %)" if name in TARGETS else ""
        print(f"{name:<30}{right:>4} of {total:<4} {right / total:7.1%}{target}{'  SHORT' if short else ''}")
    for name, files in sorted(misses.items()):
        print(f"\nmissed {name}:")
        print("\n".join(f"  {file}" for file in files))
    if messages:
        print("\n" + speed(messages))


if __name__ == "__main__":
    main()
