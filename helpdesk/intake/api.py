"""Inquiries from the company's own forms and programs, as JSON or as a multipart form with files."""

import io
import secrets
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.datastructures import FileStorage, MultiDict

from helpdesk.blobs.uploads import take
from helpdesk.core.errors import InvalidInput
from helpdesk.core.i18n import language
from helpdesk.core.kill_points import here
from helpdesk.core.network import network_of
from helpdesk.intake import schema
from helpdesk.intake.inquiry import InquiryForm
from helpdesk.intake.queues import form_queue
from helpdesk.intake.schema import Upload, check, read_json
from helpdesk.intake.take_in import Sent, take_in

api = Blueprint("intake_api", __name__)


@api.post("/api/inquiries")
def create() -> tuple[Response, int]:
    """Take an inquiry in: 201 and its case's number; 200 and the same number for the same key and content again."""
    asked = check(_multipart() if request.mimetype == "multipart/form-data" else read_json(request.get_data()))
    uploads = (*asked.uploads, *_files())
    typed = InquiryForm(formdata=MultiDict(asked.texts))
    if not typed.validate():
        raise InvalidInput(fields={name: " ".join(map(str, said)) for name, said in typed.errors.items()})
    queue = form_queue(asked.queue)
    files = take(_storage(upload) for upload in uploads)
    mark = asked.key or request.headers.get("Idempotency-Key", "")[:100] or secrets.token_urlsafe(12)
    sent = Sent("api", queue, mark, network_of(request.remote_addr))
    taken = take_in(typed.inquiry(asked.language or language(), files), sent)
    here("api.before_answer")
    return jsonify(number=taken.number, confirmation=taken.confirmed), 201 if taken.new else 200


@api.get("/api/openapi.json")
def openapi() -> Response:
    """What create() takes and answers."""
    return jsonify(schema.openapi(current_app.config["BASE_URL"].rstrip("/")))


@api.after_request
def let_our_sites_in(response: Response) -> Response:
    """CORS for the sites that may embed the form. No cookie counts here, so none is let through."""
    origin = request.headers.get("Origin", "")
    response.vary.add("Origin")
    if origin and origin in current_app.config["FORM_ANCESTORS"]:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "POST"
        response.headers["Access-Control-Allow-Headers"] = "Content-Type, Idempotency-Key"
        response.headers["Access-Control-Max-Age"] = "600"
    return response


def _multipart() -> dict[str, Any]:
    return {name: request.form[name] for name in request.form}


def _files() -> list[Upload]:
    """The files of a multipart request, all under the name `attachments`."""
    unknown = {name for name in request.files if name != "attachments"}
    if unknown:
        check(dict.fromkeys(unknown, ""))
    return [
        Upload(file.filename or "", file.mimetype or "", file.read())
        for file in request.files.getlist("attachments")
        if file.filename
    ]


def _storage(upload: Upload) -> FileStorage:
    name = upload.filename or "file"
    return FileStorage(io.BytesIO(upload.data), filename=name, content_type=upload.content_type)
