"""Mail written into a folder as .eml files, for a demo or a dry run."""

import os
from dataclasses import dataclass
from pathlib import Path

from helpdesk.mail_out.delivery import BeforeTheDot, Envelope, Fate
from helpdesk.mail_out.words import trouble


@dataclass(frozen=True)
class FolderTransport:
    """One file a mail, named by its number and first recipient."""

    folder: Path

    def deliver(self, envelope: Envelope, before_the_dot: BeforeTheDot) -> dict[str, Fate]:
        """See Transport.deliver. The file appears whole or not at all."""
        name = "".join(char if char.isalnum() or char in "@.-_" else "_" for char in envelope.recipients[0])
        target = self.folder / f"{envelope.mail_id:06}-{name[:120]}.eml"
        temporary = target.with_suffix(".part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(envelope.data)
            before_the_dot(envelope.recipients)
            os.replace(temporary, target)
        except OSError as error:
            why = trouble("folder", server=str(self.folder), said=error.strerror)
            return {address: Fate("later", trouble=why) for address in envelope.recipients}
        return {address: Fate("sent", said=target.name) for address in envelope.recipients}
