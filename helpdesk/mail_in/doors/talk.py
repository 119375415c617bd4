"""One connection at the SMTP or LMTP door: aiosmtpd's commands, with our own limits and our own reading of DATA.

aiosmtpd refuses lines over 1,000 bytes, which real mail has, and answers LMTP once for all recipients; hence DATA is
read here. Only CR LF . CR LF ends a mail (RFC 5321 4.1.1.4): a bare LF or CR beside the dot is part of its text, so
no second mail can be smuggled in behind one.
"""

import asyncio
import logging
import re
from collections import defaultdict
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax
from sqlalchemy.exc import OperationalError

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.kill_points import here
from helpdesk.mail_in.doors.addresses import storable
from helpdesk.mail_in.doors.counter import RECIPIENTS_MAX, Arrived, Counter, Wanted

log = logging.getLogger(__name__)

CHUNK_BYTES = 64 * 1024
COMMAND_MAX_BYTES = 4096
IDLE_S = 300.0
"""RFC 5321 4.5.3.2.7: a server waits at least five minutes for the next command."""
MAIL_S = 1800.0
"""How long one mail may take to arrive."""
OVERRUN = 4
"""A mail so many times too large is not waited for to its end."""
DOT = b"\r\n.\r\n"

TAKEN = "250 2.0.0 Taken, and safely kept"
TRY_AGAIN = "451 4.3.0 We cannot store mail at this moment; please try again later"
CROWDED = "452 4.3.1 Too much mail at this moment; please try again later"
TOO_LARGE = "552 5.3.4 This mail is too large: at most {limit} bytes are taken"
TOO_MANY = "452 4.5.3 Too many recipients at once; please send the others separately"
NOBODY = "550 5.1.1 <{address}>: no queue reads mail to this address"
CLOSING = "421 4.3.2 The mail door is closing; please try again later"
TOO_SLOW = "421 4.4.2 This mail does not come to an end; please try again later"
FULL = "421 4.7.0 Too many connections; please try again later"

CODE_WITHOUT_DETAIL = re.compile(r"^(?!220)([245])(\d\d) (?!\d\.\d{1,3}\.\d{1,3} |HELP$)")


class Errand(Envelope):
    """aiosmtpd's envelope, and the recipients that we said 250 to."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: list[Wanted] = []


def tell(what: str, error: Exception) -> None:
    """Log a trouble: one line when a part we depend on is away, everything when it is our own mistake."""
    if isinstance(error, HelpdeskError | OperationalError | OSError):
        log.warning("%s (%s)", what, error.code if isinstance(error, HelpdeskError) else type(error).__name__)
    else:
        log.error(what, exc_info=error)


class NotKept(Exception):
    """The mail's bytes were thrown away while they came; `reply` says why."""

    def __init__(self, reply: str):
        self.reply = reply


class Hooks:
    """What aiosmtpd asks us on its way through a conversation."""

    async def handle_EHLO(
        self, _talk: SMTP, session: Session, _envelope: Errand, name: str, replies: list[str]
    ) -> list[str]:
        """Say what we do; nobody signs in here, so AUTH is not among it."""
        session.host_name = name
        known = [line for line in replies if not line[4:].startswith("AUTH")]
        return [*known[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", known[-1]]

    async def handle_RCPT(
        self, talk: "Talk", _session: Session, envelope: Errand, address: str, options: list[str]
    ) -> str:
        """250 for a queue's address, 550 for any other, 451 while we cannot know."""
        address = storable(address)
        if len(envelope.wanted) >= RECIPIENTS_MAX:
            return TOO_MANY
        try:
            queue_id = await talk.counter.queue_id_for(address)
        except Exception as error:
            tell("The queue of a recipient could not be looked up", error)
            return TRY_AGAIN
        if queue_id is None:
            return NOBODY.format(address=re.sub(r"[^\x20-\x7e]", "?", address))
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        envelope.wanted.append(Wanted(address, queue_id))
        return "250 2.1.5 Known here"

    async def handle_exception(self, error: Exception) -> str:
        """Whatever we did not foresee: the sender keeps the mail and tries again."""
        tell("A conversation at the mail door failed", error)
        return TRY_AGAIN


class Talk(SMTP):
    """One connection. The doors say how they answer a mail that has arrived (`_answer`)."""

    door = ""
    line_length_limit = CHUNK_BYTES
    command_size_limit = COMMAND_MAX_BYTES
    command_size_limits = defaultdict(lambda: COMMAND_MAX_BYTES)
    envelope: Errand

    def __init__(self, counter: Counter, tls: Any = None):
        self.counter = counter
        self.turned_away = False
        super().__init__(
            Hooks(),
            data_size_limit=counter.mail_max_bytes,
            enable_SMTPUTF8=True,
            hostname=counter.app.config["MAIL_DOMAIN"],
            ident="Helpdesk mail door",
            tls_context=tls,
            timeout=IDLE_S,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            loop=asyncio.get_running_loop(),
        )

    @property
    def is_busy(self) -> bool:
        """Whether a mail is under way."""
        return bool(self.envelope and self.envelope.mail_from)

    def say_goodbye(self, reply: str = CLOSING) -> None:
        """Close the connection, with a reason."""
        if self.transport is not None and not self.transport.is_closing():
            self._writer.write(reply.encode() + b"\r\n")
            self.transport.close()

    def _create_envelope(self) -> Errand:
        return Errand()

    def connection_made(self, transport: Any) -> None:
        if self not in self.counter.open and self.counter.is_full():
            self.turned_away = True
            transport.write((CLOSING if self.counter.closing else FULL).encode() + b"\r\n")
            transport.close()
            return
        self.counter.open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self.turned_away:
            return
        self.counter.open.discard(self)
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        if not self.turned_away:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        return False if self.turned_away else super().eof_received()

    async def push(self, status: Any) -> None:
        """Send a reply, with an enhanced status code (RFC 2034) where aiosmtpd gives none."""
        if isinstance(status, str):
            status = CODE_WITHOUT_DETAIL.sub(r"\1\2 \1.0.0 ", status).encode("ascii", "replace")
        await super().push(status)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:
        """Read the mail, keep it, and only then say yes."""
        if await self.check_helo_needed():
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        if not self.envelope.wanted:
            await self.push("503 5.5.1 No recipient was accepted")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        try:
            async with asyncio.timeout(MAIL_S):
                raw = await self._read_mail()
        except NotKept as refusal:
            replies = self._refuse(refusal.reply)
        except TimeoutError:
            self.say_goodbye(TOO_SLOW)
            return
        else:
            try:
                here("door.mail_arrived")
                replies = await self._answer(raw)
                here("door.rows_committed")
            finally:
                self.counter.bytes_in_hand -= len(raw)
        for reply in replies:
            await self.push(reply)
        here("door.yes_said")
        self._set_post_data_state()

    async def _read_mail(self) -> bytes:
        """The mail as it was before transparency (RFC 5321 4.5.2); its size is added to the counter's bytes in hand.

        Raises NotKept, after the last dot, when it was too large or too much at once; TimeoutError without end.
        """
        content, size, reply, held = bytearray(b"\r\n"), 0, "", 0
        limit = self.counter.mail_max_bytes
        end = b"\r\n"
        try:
            while end != DOT:
                chunk = await self._read_some()
                end = (end + chunk)[-len(DOT) :]
                size += len(chunk)
                if size > limit + 3:
                    reply = reply or TOO_LARGE.format(limit=limit)
                    if size > OVERRUN * limit:
                        raise TimeoutError
                elif not self.counter.has_room_for(len(chunk)):
                    reply = reply or CROWDED
                if reply:
                    content.clear()
                    self.counter.bytes_in_hand -= held
                    held = 0
                    continue
                content += chunk
                self.counter.bytes_in_hand += len(chunk)
                held += len(chunk)
            if reply:
                raise NotKept(reply)
            del content[-3:]
            if b"\r\n." in content:
                content = content.replace(b"\r\n.", b"\r\n")
            raw = bytes(memoryview(content)[2:])
            self.counter.bytes_in_hand += len(raw)
            return raw
        finally:
            self.counter.bytes_in_hand -= held

    async def _read_some(self) -> bytes:
        """The next bytes: never more than CHUNK_BYTES, and none from beyond a dot that may be the final one."""
        self._reset_timeout()
        try:
            return await self._reader.readuntil(DOT[2:])
        except asyncio.LimitOverrunError as error:
            return await self._reader.readexactly(error.consumed)

    def _refuse(self, reply: str) -> list[str]:
        """The answer to a mail that was not kept."""
        return [reply]

    async def _answer(self, raw: bytes) -> list[str]:
        """Keep the mail; the reply lines say what became of it."""
        raise NotImplementedError

    async def _keep(self, raw: bytes, wanted: list[Wanted]) -> str:
        """Make the rows for `wanted`, all or none, and give the reply."""
        sender = storable(self.envelope.mail_from or "")
        try:
            await self.counter.take_in(Arrived(raw, self.door, "" if sender == "<>" else sender), wanted)
        except Exception as error:
            tell("A mail could not be kept, and its sender is asked to try again", error)
            return TRY_AGAIN
        return TAKEN
