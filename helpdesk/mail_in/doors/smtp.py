"""The SMTP door: another mail server, or a forwarding rule, delivers here. One answer for all recipients."""

from helpdesk.mail_in.doors.talk import Talk


class SmtpDoor(Talk):
    """Several queues: a row each, all of them durable or none acknowledged."""

    door = "smtp"

    async def _answer(self, raw: bytes) -> list[str]:
        return [await self._keep(raw, self.envelope.wanted)]
