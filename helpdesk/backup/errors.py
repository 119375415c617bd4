"""What back-up and restore refuse. For a person at a keyboard, so in English, like all commands."""

from pathlib import Path

from helpdesk.core.errors import HelpdeskError


class BackupRefused(HelpdeskError):
    """Nothing was written and nothing was changed; the sentence says why."""

    code, http_status = "backup_refused", 409


class NotWhole(BackupRefused):
    """The folder is no back-up, or one that was cut short or damaged."""

    code = "backup_not_whole"

    def __init__(self, folder: Path, what: str):
        super().__init__(f"{folder} is no whole back-up: {what}. Nothing was changed.")


class NoRoom(BackupRefused):
    """The disk is full, or would be."""

    code = "backup_no_room"

    def __init__(self, folder: Path):
        super().__init__(f"There is not enough free space in {folder}. No back-up was made; what was begun is removed.")


class ProgramFailed(BackupRefused):
    """pg_dump, pg_restore or psql did not succeed."""

    code = "backup_program_failed"

    def __init__(self, program: str, said: str):
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        telling = [line for line in lines if "error" in line.lower()] or lines or ["it said nothing"]
        super().__init__(f"{program} did not succeed: {telling[0]}. What was there before is unchanged.")
