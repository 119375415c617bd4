"""What a program may send, checked before anything is done with it. Pure, but for the sentences' language."""

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from typing import Any

from helpdesk.core.errors import InvalidInput
from helpdesk.core.i18n import LANGUAGES, _
from helpdesk.intake.inquiry import EMAIL_MAX, LINE_MAX, MESSAGE_MAX, PHONE_MAX, TEXT_FIELDS

FIELDS = (*TEXT_FIELDS, "queue", "language", "key", "attachments")
FILE_FIELDS = ("filename", "content_type", "content")
KEY_MAX = 100
MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,80}/[A-Za-z0-9!#$&^_.+-]{1,80}")
"""RFC 6838, 4.2; what is none is taken as unknown bytes."""

ANSWERS = {
    "201": "A case was made",
    "200": "The same was sent before: its case",
    "400": "Fields need another look",
    "404": "No such queue",
    "413": "Too large",
    "429": "Too many",
    "503": "Not now; try again",
}


@dataclass(frozen=True)
class Upload:
    """A file as it came with the request."""

    filename: str
    content_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Asked:
    """A request whose fields are known and of the right type; what stands in them is not checked yet."""

    texts: dict[str, str]
    queue: str | None
    language: str | None
    key: str | None
    uploads: tuple[Upload, ...]


def read_json(body: bytes) -> dict[str, Any]:
    """The object in `body`. Raises InvalidInput."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidInput(_("The body is not JSON."))
    if not isinstance(found, dict):
        raise InvalidInput(_("The body is not a JSON object."))
    return found


def check(sent: dict[str, Any]) -> Asked:
    """The fields of `sent`, each known and of its type. Raises InvalidInput that names every field that is not."""
    wrong: dict[str, str] = {name: _("There is no such field.") for name in sent if name not in FIELDS}
    for name in (*TEXT_FIELDS, "queue", "language", "key"):
        if not isinstance(sent.get(name, ""), str):
            wrong[name] = _("This must be a text.")
    if sent.get("language", "en") not in LANGUAGES:
        wrong.setdefault("language", _("Use one of: %(names)s.", names=", ".join(LANGUAGES)))
    if isinstance(sent.get("key"), str) and len(sent["key"]) > KEY_MAX:
        wrong["key"] = _("This is longer than %(most)s characters.", most=KEY_MAX)
    uploads = _uploads(sent.get("attachments", []), wrong)
    if wrong:
        raise InvalidInput(fields={str(name)[:100]: sentence for name, sentence in list(wrong.items())[:50]})
    texts = {name: sent.get(name, "") for name in TEXT_FIELDS}
    return Asked(texts, sent.get("queue") or None, sent.get("language"), sent.get("key") or None, tuple(uploads))


def _uploads(sent: Any, wrong: dict[str, str]) -> list[Upload]:
    if not isinstance(sent, list):
        wrong["attachments"] = _("This must be a list.")
        return []
    return [upload for at, one in enumerate(sent[:1000]) if (upload := _upload(one, f"attachments[{at}]", wrong))]


def _upload(one: Any, where: str, wrong: dict[str, str]) -> Upload | None:
    if not isinstance(one, dict):
        wrong[where] = _("This must be an object.")
        return None
    wrong.update({f"{where}.{name}": _("There is no such field.") for name in one if name not in FILE_FIELDS})
    for name in FILE_FIELDS:
        if not isinstance(one.get(name, "" if name == "content_type" else None), str):
            wrong[f"{where}.{name}"] = _("This must be a text.")
            return None
    try:
        data = base64.b64decode(one["content"], validate=True)
    except (binascii.Error, ValueError):
        wrong[f"{where}.content"] = _("This is not base64.")
        return None
    kind = one.get("content_type", "")
    return Upload(one["filename"], kind if MEDIA_TYPE.fullmatch(kind) else "", data)


def openapi(server: str) -> dict[str, Any]:
    """The endpoint in OpenAPI 3.1."""
    number = {"type": "object", "properties": {"number": {"type": "integer"}, "confirmation": {"type": "boolean"}}}
    refusal = {"type": "object", "properties": {"error": {"type": "string"}, "sentence": {"type": "string"}}}
    responses = {
        status: {"description": about, "content": {"application/json": {"schema": number if status < "3" else refusal}}}
        for status, about in ANSWERS.items()
    }
    body = {"required": True, "content": {"application/json": {"schema": _inquiry()}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Helpdesk: inquiries", "version": "1"},
        "servers": [{"url": server}],
        "paths": {"/api/inquiries": {"post": {"requestBody": body, "responses": responses}}},
    }


def _inquiry() -> dict[str, Any]:
    attachment = {
        "filename": _text(255, "Its name"),
        "content_type": _text(255, "Its media type"),
        "content": {"type": "string", "contentEncoding": "base64"},
    }
    fields = {
        "name": _text(LINE_MAX, "Who writes"),
        "email": {**_text(EMAIL_MAX, "Where the answer goes"), "format": "email"},
        "message": _text(MESSAGE_MAX, "What they write"),
        "company": _text(LINE_MAX, "For which company"),
        "phone": _text(PHONE_MAX, "A phone number"),
        "topic": _text(LINE_MAX, "The subject; without it the message's beginning"),
        "queue": _text(100, "The queue's name in addresses; without it the first queue"),
        "language": {"type": "string", "enum": list(LANGUAGES), "description": "Of the confirmation"},
        "key": _text(KEY_MAX, "The same key and content again make no second case"),
        "attachments": {"type": "array", "items": _object(attachment, ["filename", "content"])},
    }
    return _object(fields, ["name", "email", "message"])


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def _text(most: int, about: str) -> dict[str, Any]:
    return {"type": "string", "maxLength": most, "description": about}
