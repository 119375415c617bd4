"""The balance: every mail that was acknowledged is in the ledger once, every answer left once."""

import hashlib
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from helpdesk.blobs.folder import FolderStore
from tests.chaos.agents import Office, Said
from tests.chaos.desk import Desk
from tests.chaos.post import DOORS, LETTERS, Post, Sent

PLACED = ("new_case", "appended")


@dataclass
class Line:
    """One line of the table."""

    name: str
    sent: int = 0
    acknowledged: int = 0
    rows: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    again: int = 0
    """Rows of mails that were sent again since their acknowledgement was lost: known as duplicates."""
    wrong: list[str] = field(default_factory=list)


@dataclass
class Balance:
    """What was found. `wrong` is empty when every line balances."""

    doors: list[Line]
    outbox: dict[str, int]
    work: dict[str, int]
    wrong: list[str]

    def show(self, console: Console) -> None:
        """As tables for people."""
        table = Table(title="In: what was acknowledged is in the ledger, once")
        names = ("door", "sent", "acknowledged", "ledger", "new case", "on its case", "sent again", "lost or doubled")
        for name in names:
            table.add_column(name, justify="left" if name == "door" else "right")
        for line in self.doors:
            cells = (line.sent, line.acknowledged, line.rows, line.outcomes["new_case"], line.outcomes["appended"])
            table.add_row(line.name, *(f"{cell:,}" for cell in (*cells, line.again, len(line.wrong))))
        console.print(table)
        for title, found in (("Out: what was written left, once", self.outbox), ("At the desk", self.work)):
            table = Table(title=title, show_header=False)
            for name, count in found.items():
                table.add_row(name, f"{count:,}")
            console.print(table)
        for sentence in self.wrong[:40]:
            console.print(f"  [red]{sentence}[/red]")
        verdict = f"{len(self.wrong)} lines do not balance" if self.wrong else "Everything balances."
        console.print(f"[bold]{verdict}[/bold]")


def is_quiet(desk: Desk, post: Post) -> bool:
    """Whether every mail has its outcome, every outgoing mail its end, and the mailbox is empty of new mail."""
    if not post.is_done():
        return False
    with desk.database() as connection:
        [(reading, leaving, fetched)] = connection.execute(
            "select (select count(*) from inbound_mails where outcome is null),"
            " (select count(*) from outbound_mails where state not in ('sent', 'failed', 'discarded')),"
            " (select count(*) from inbound_mails where door = 'imap')"
        ).fetchall()
    if leaving:
        desk.time_passes()
    by_imap = sum(sent.door == "imap" and sent.acknowledged for sent in post.everything)
    return not reading and not leaving and fetched >= by_imap


def what_is_left(desk: Desk, post: Post) -> str:
    """For the case that it never becomes quiet."""
    with desk.database() as connection:
        reading = connection.execute(
            "select id, door, attempts, leased_until - now(), next_try_at - now(), problems from inbound_mails"
            " where outcome is null limit 5"
        ).fetchall()
        leaving = connection.execute(
            "select id, kind, state, attempts, leased_until - now(), next_try_at - now(), trouble from outbound_mails"
            " where state not in ('sent', 'failed', 'discarded') limit 5"
        ).fetchall()
    under_way = [sent for sent in post.everything if not sent.acknowledged]
    return f"not read: {reading}\nnot sent: {leaving}\nnot acknowledged: {under_way[:5]} of {len(under_way)}"


def balance(desk: Desk, post: Post, office: Office) -> Balance:
    """Compare what was acknowledged with what the database, the store and the receiving server have."""
    with desk.database() as connection:
        ledger = _rows(connection, LEDGER)
        messages = _rows(connection, MESSAGES)
        outbound = _rows(connection, OUTBOUND)
        on_messages = {row["sha256"] for row in _rows(connection, "select sha256 from attachments")}
        blobs = _rows(connection, "select sha256, size from blobs")
        cases = _rows(connection, CASES)
        events = _rows(
            connection, "select e.kind, c.number, e.actor_id from case_events e join cases c on c.id = case_id"
        )
        mailboxes = _rows(connection, "select fetched from mailboxes")
    doors = _doors(post, ledger, messages, cases)
    outbox, wrong_out = _outbox(desk, office, outbound)
    work, wrong_work = _work(desk, office, cases, events)
    wrong = [f"{line.name}: {sentence}" for line in doors for sentence in line.wrong]
    wrong += wrong_out + wrong_work + _files(desk, post, blobs, on_messages)
    by_imap = sum(row["door"] == "imap" for row in ledger)
    counted = sum(mailbox["fetched"] for mailbox in mailboxes)
    if counted != by_imap:
        wrong.append(f"the mailboxes counted {counted} fetched mails, the ledger has {by_imap}")
    return Balance(doors, outbox, work, wrong)


LEDGER = "select id, door, outcome, subject, case_id, message_row_id from inbound_mails"
MESSAGES = "select id, case_id, direction, text, subject from messages"
OUTBOUND = """
    select o.id, o.kind, o.state, o.message_id, o.text, o.resent, o.crashes, m.id as message_row
    from outbound_mails o left join messages m on m.outbound_id = o.id"""
CASES = "select id, number, status, owner_id, merged_into_id from cases"


def _rows(connection: Any, query: str) -> list[dict[str, Any]]:
    done = connection.execute(query)
    names = [column.name for column in done.description]
    return [dict(zip(names, row, strict=True)) for row in done.fetchall()]


def _doors(post: Post, ledger: list[Any], messages: list[Any], cases: list[Any]) -> list[Line]:
    lines = {door: Line(door) for door in DOORS}
    rows_of: dict[str, list[Any]] = defaultdict(list)
    for row in ledger:
        rows_of[_mark(row["subject"], "m")].append(row)
        lines[row["door"]].rows += 1
        lines[row["door"]].outcomes[row["outcome"]] += 1
        lines[row["door"]].again += row["outcome"] == "duplicate"
    said: Counter[str] = Counter(_mark(row["text"], "m") for row in messages if row["direction"] == "in")
    known = {sent.mark for sent in post.everything}
    for mark in rows_of.keys() - known:
        lines[rows_of[mark][0]["door"]].wrong.append(f"a mail that nobody sent: {rows_of[mark][0]}")
    merged = {row["id"]: row["merged_into_id"] for row in cases}
    for sent in post.everything:
        line = lines[sent.door]
        line.sent += 1
        line.acknowledged += sent.acknowledged
        line.wrong += _wrong_with(sent, rows_of[sent.mark], said[sent.mark], merged)
    return list(lines.values())


def _wrong_with(sent: Sent, rows: list[Any], messages: int, merged: dict[int, Any]) -> list[str]:
    placed = [row for row in rows if row["outcome"] in PLACED]
    again = [row for row in rows if row["outcome"] == "duplicate"]
    wrong = []
    if sent.acknowledged and len(placed) != 1:
        wrong.append(f"{sent.mark} was acknowledged and has {len(placed)} rows with a case: {rows}")
    if len(placed) > 1 or len(placed) + len(again) != len(rows):
        wrong.append(f"{sent.mark} has rows that are neither its case nor its duplicate: {rows}")
    if messages != len(placed):
        wrong.append(f"{sent.mark} stands {messages} times on cases, {len(placed)} times in the ledger")
    if len(again) >= max(1, sent.tries):
        wrong.append(f"{sent.mark} was sent {sent.tries} times and has {len(again)} duplicates")
    if any(row["case_id"] not in merged for row in placed):
        wrong.append(f"{sent.mark} has no case: {rows}")
    if sent.answers and any(row["outcome"] != "appended" for row in placed):
        wrong.append(f"{sent.mark} replies to an answer and is not on its case: {rows}")
    return wrong


def _outbox(desk: Desk, office: Office, outbound: list[Any]) -> tuple[dict[str, int], list[str]]:
    wrong = []
    arrived: Counter[str] = Counter()
    bodies: dict[str, set[bytes]] = defaultdict(set)
    for received in desk.smtp.received:
        found = re.search(rb"(?im)^Message-ID:\s*(<[^>]+>)", received.data)
        name = found[1].decode() if found else ""
        arrived[name] += 1
        bodies[name].add(received.data)
    by_mark: dict[str, list[Any]] = defaultdict(list)
    for row in outbound:
        by_mark[_mark(row["text"], "a")].append(row)
        copies = arrived[row["message_id"]]
        if row["state"] != "sent" or not copies:
            wrong.append(f"outgoing mail {row['id']} ({row['kind']}) is {row['state']}, and arrived {copies} times")
        if copies > 1 + row["resent"] or len(bodies[row["message_id"]]) > 1:
            wrong.append(
                f"outgoing mail {row['id']} arrived {copies} times, and says it was sent again {row['resent']}"
            )
        if row["kind"] == "answer" and row["message_row"] is None:
            wrong.append(f"outgoing mail {row['id']} belongs to no message")
    for said in office.said:
        wrong += _wrong_answer(said, by_mark[said.mark])
    wrong += [
        f"{name} arrived, and is not in the outbox" for name in arrived.keys() - {r["message_id"] for r in outbound}
    ]
    answers = [row for row in outbound if row["kind"] == "answer"]
    return {
        "answers acknowledged": sum(said.acknowledged for said in office.said),
        "answers in the outbox": len(answers),
        "confirmations in the outbox": len(outbound) - len(answers),
        "mails at the server": len(arrived),
        "arrived twice, with one Message-ID": sum(count > 1 for count in arrived.values()),
        "sent again, and marked so": sum(row["resent"] for row in outbound),
        "senders that died": sum(row["crashes"] for row in outbound),
    }, wrong


def _wrong_answer(said: Said, rows: list[Any]) -> list[str]:
    if len(rows) > 1:
        return [f"{said.mark} was written once (clicked {said.clicks} times) and is {len(rows)} times in the outbox"]
    if said.acknowledged and not rows:
        return [f"{said.mark} was acknowledged and is not in the outbox"]
    if said.refused and rows:
        return [f"{said.mark} was refused and is in the outbox"]
    return []


def _work(desk: Desk, office: Office, cases: list[Any], events: list[Any]) -> tuple[dict[str, int], list[str]]:
    happened = Counter((row["kind"], row["number"]) for row in events)
    wrong = [
        f"case {number} was {kind} {happened[kind, number]} times"
        for kind in ("claimed", "opened")
        for number in (row["number"] for row in cases)
        if happened[kind, number] > 1
    ]
    for kind, numbers in (("claimed", office.claimed), ("closed", office.closed)):
        wrong += [
            f"case {number} was {kind}, and its journal does not say so"
            for number in numbers
            if not happened[kind, number]
        ]
    away = {row["number"] for row in cases if row["merged_into_id"]}
    wrong += [f"case {number} was merged, and is not" for number in office.merged - away]
    wrong += [f"case {row['number']} never opened" for row in cases if not happened["opened", row["number"]]]
    return {
        "cases": len(cases),
        "claims acknowledged": len(office.claimed),
        "closes acknowledged": len(office.closed),
        "merges acknowledged": len(office.merged),
        "programs that ended": sum(desk.deaths.values()),
    }, wrong


def _files(desk: Desk, post: Post, blobs: list[Any], on_messages: set[str]) -> list[str]:
    """Every row of bytes has its bytes, and every file that was sent is on its message."""
    store = FolderStore(Path(desk.settings["BLOB_URL"]).resolve())
    wrong = []
    for row in blobs:
        try:
            data = store.read(row["sha256"])
        except OSError:
            wrong.append(f"the bytes {row['sha256'][:12]} are gone")
            continue
        if hashlib.sha256(data).hexdigest() != row["sha256"]:
            wrong.append(f"the bytes {row['sha256'][:12]} are not what they were")
    for sent in post.everything:
        came_with_file = sent.file and sent.acknowledged and sent.door in LETTERS
        if came_with_file and hashlib.sha256(sent.file).hexdigest() not in on_messages:
            wrong.append(f"the file of {sent.mark} is on no message")
    return wrong


def _mark(text: str, letter: str) -> str:
    found = re.search(rf"\b{letter}\d{{6}}\b", text or "")
    return found[0] if found else ""
