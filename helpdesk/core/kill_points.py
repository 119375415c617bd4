"""Places in the code where a fault test may ask for kill -9: before and after each step that makes something durable.

Nothing is asked for in earnest, and then a place costs one comparison. What KILL_AT may say:

- a name of POINTS: this process kills itself there. `name:3` means at the third passing.
- `@/a/folder`: whenever a file of the folder is named after a point, the first process that passes the point takes the
  file away (it is renamed to `name.died`) and kills itself. A number in the file counts passings. In this way a test
  kills one process of many that run already, and each only once.
"""

import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

POINTS = {
    # The mail door
    "door.mail_arrived": "All bytes are in memory; nothing is kept, nobody was told anything.",
    "door.rows_committed": "Bytes and rows are durable; the sender has not been told.",
    "door.yes_said": "The sender has its 250 and throws the mail away.",
    # Bytes
    "blobs.written": "A temporary file has the bytes; they are not synced.",
    "blobs.synced": "The temporary file is durable; nothing has its name yet.",
    "blobs.renamed": "The file has its name; its folder is not synced.",
    "blobs.kept": "The bytes are durable; no row knows them.",
    # The ledger
    "mail_in.row_inserted": "The ledger row is written, and not committed.",
    "mail_in.row_committed": "The ledger row is durable; nobody was woken for it.",
    # The pipe
    "pipe.mail_read": "The mail of standard input is in memory; nothing is kept.",
    "pipe.row_committed": "Row and bytes are durable; the exit code 0 has not been given.",
    # The form and the endpoint for programs
    "form.counted": "The inquiry was counted against the limits; nothing of it is kept.",
    "form.row_inserted": "The ledger row is written, and not committed.",
    "form.case_opened": "Ledger row, case and confirmation are written, and not committed.",
    "form.committed": "The case is durable; nobody was thanked.",
    "api.before_answer": "The case is durable; the JSON answer has not been sent.",
    # A mailbox
    "imap.leased": "The mailbox is held; nothing was fetched.",
    "imap.fetched": "A batch is in memory; nothing of it is kept.",
    "imap.bytes_kept": "The bytes of a batch are durable; no row knows them.",
    "imap.rows_inserted": "The rows of a batch and how far we are: written, and not committed.",
    "imap.rows_committed": "Rows and place are durable; the server still shows the mails as new.",
    "imap.marked": "The server shows the mails as taken; the poll is not over.",
    "imap.poll_recorded": "The mailbox is free again and says how the poll went.",
    # Reading a mail
    "mail_in.leased": "The row is held and the attempt is counted; nothing was read.",
    "mail_in.bytes_got": "The bytes came from the store; they have not been read.",
    "mail_in.was_read": "The mail is understood; nothing is written.",
    "mail_in.files_kept": "Its files are durable; no row knows them.",
    "mail_in.placed": "Case, message and customer are written; the outcome is not, nothing is committed.",
    "mail_in.finished": "Outcome and case are durable; the broker still has the task.",
    # Acts on a case
    "cases.opened": "A new case is written, and not committed.",
    "cases.appended": "A message was added to a case, and is not committed.",
    "cases.claimed": "The case has its agent, and that is not committed.",
    "cases.claim_committed": "The claim is durable; the browser has not heard of it.",
    "cases.answered": "Answer and outgoing mail are written, and not committed.",
    "cases.answer_committed": "Answer and outgoing mail are durable; the browser has not heard of it.",
    "cases.closed": "The case is closed, and that is not committed.",
    "cases.close_committed": "The close is durable; the browser has not heard of it.",
    "cases.merged": "The messages have moved, and that is not committed.",
    "cases.merge_committed": "The merge is durable; the browser has not heard of it.",
    # The outbox
    "mail_out.row_inserted": "The outgoing mail is written, and not committed.",
    "mail_out.leased": "The mail is held as being sent; nothing was made or sent.",
    "mail_out.composed": "The mail's bytes are durable; its row does not know them.",
    "mail_out.bytes_recorded": "The row knows the bytes that every attempt will send.",
    "smtp.connected": "The server is there; it knows nothing of the mail.",
    "smtp.recipients_named": "The server knows sender and recipients.",
    "smtp.data_begun": "The server asked for the mail; no byte of it is sent.",
    "smtp.before_the_dot": "All bytes but the final dot are sent; the recipients still stand as waiting.",
    "smtp.dot_announced": "The recipients stand as uncertain; the final dot is not sent.",
    "smtp.dot_sent": "The final dot is sent, its answer unknown: the one place where a mail may leave twice.",
    "smtp.answered": "The server said yes; nothing of it is recorded: here too the mail leaves twice.",
    "mail_out.lost": "The server went away after the final dot; that is not committed.",
    "mail_out.settling": "What became of the mail is written, and not committed.",
    "mail_out.settled": "What became of the mail is durable; the broker still has the task.",
    # The sweeper
    "sweep.inbound_woken": "The broker was told of due mail; the rows do not say so.",
    "sweep.inbound_noted": "The rows say that they were woken.",
    "sweep.outbox_woken": "The broker was told of due outgoing mail.",
    # Tasks, the broker, the screens
    "task.taken": "A worker has the task; nothing was done.",
    "task.done": "The work is durable; the broker has not been told that the task is over.",
    "beat.tick": "A task is due; the broker has not been told.",
    "beat.sent": "The broker was told of a due task; the timetable does not say so.",
    "jobs.before_wake": "A row is durable; the broker has not been told.",
    "jobs.woken": "The broker has the task's name and the row's id.",
    "live.before_publish": "An event is durable; no screen has heard of it.",
    "live.published": "The event is on the channel.",
    "live.noticed": "A web process has heard of the event; no browser has.",
}
"""Name → what is durable there, and what is not."""


@dataclass
class _Asked:
    """Where this process is to end."""

    name: str = ""
    passings: int = 1
    folder: Path | None = None
    passed: dict[str, int] = field(default_factory=dict)

    def comes_true(self, name: str) -> bool:
        if self.folder is None:
            return name == self.name and self._count(name) >= self.passings
        asked = self.folder / name
        try:
            wanted = int(asked.read_text() or 1)
            if self._count(name) < wanted:
                return False
            # Only one process can take the file away.
            asked.rename(asked.with_suffix(f"{asked.suffix}.died"))
        except OSError:
            self.passed.pop(name, None)
            return False
        return True

    def _count(self, name: str) -> int:
        self.passed[name] = self.passed.get(name, 0) + 1
        return self.passed[name]


_asked: _Asked | None = None


def here(name: str) -> None:
    """Die, if this place was asked for. `name` stands in POINTS; a test compares."""
    if _asked is not None and _asked.comes_true(name):
        os.kill(os.getpid(), signal.SIGKILL)


def arm(wish: str) -> None:
    """Take on what KILL_AT says; nothing when it is empty. Raises ValueError for a point that there is not."""
    global _asked
    if not wish:
        _asked = None
    elif wish.startswith("@"):
        _asked = _Asked(folder=Path(wish[1:]))
    else:
        name, _colon, passings = wish.partition(":")
        if name not in POINTS:
            raise ValueError(f"KILL_AT: there is no point called {name}")
        _asked = _Asked(name, int(passings or 1))
