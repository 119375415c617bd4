"""The LMTP door (RFC 2033): the local mail server delivers here, and hears about each recipient by itself."""

from typing import Any

from aiosmtpd.smtp import syntax

from helpdesk.mail_in.doors.talk import Talk


class LmtpDoor(Talk):
    """After the final dot: one reply for each accepted recipient, in the order of their RCPTs (RFC 2033 4.2)."""

    door = "lmtp"

    def __init__(self, *given: Any, **named: Any):
        super().__init__(*given, **named)
        for word in ("HELO", "EHLO"):
            del self._smtp_methods[word]

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, hostname: str) -> None:
        """The greeting, used instead of HELO and EHLO."""
        await self.smtp_EHLO(hostname)

    async def check_helo_needed(self, helo: str = "LHLO") -> bool:
        return await super().check_helo_needed("LHLO")

    def _refuse(self, reply: str) -> list[str]:
        return [reply] * len(self.envelope.wanted)

    async def _answer(self, raw: bytes) -> list[str]:
        answers: dict[int, str] = {}
        for queue_id in dict.fromkeys(one.queue_id for one in self.envelope.wanted):
            of_queue = [one for one in self.envelope.wanted if one.queue_id == queue_id]
            answers[queue_id] = await self._keep(raw, of_queue)
        return [answers[one.queue_id] for one in self.envelope.wanted]
