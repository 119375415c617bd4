"""What came with a message: its files, and its HTML as it was meant to look."""

from typing import Any

from flask import Response, redirect, request, url_for
from flask_login import current_user

from helpdesk.blobs.files import FileRef
from helpdesk.blobs.serve import as_download
from helpdesk.cases.access import attachment_for, message_for, place_of_mail
from helpdesk.cases.formatted import formatted_page
from helpdesk.cases.web import web
from helpdesk.core.errors import NotFound

FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:{images}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


@web.get("/attachments/<int:attachment_id>")
def attachment(attachment_id: int) -> Response:
    """The file: a picture is shown, anything else is saved as bytes of no type, whatever it says it is."""
    file = attachment_for(current_user, attachment_id)
    return as_download(FileRef(file.sha256, file.filename, file.content_type, file.size))


@web.get("/messages/<int:message_id>/formatted")
def formatted(message_id: int) -> Response:
    """The mail's own HTML, cleaned, for a frame without scripts. Remote images only with ?images=1."""
    message = message_for(current_user, message_id)
    if not message.html:
        raise NotFound()
    images = request.args.get("images") == "1"
    answer = Response(formatted_page(message, images=images), mimetype="text/html")
    answer.headers["Content-Security-Policy"] = FRAME_POLICY.format(images=" https: http:" if images else "")
    return answer


@web.get("/cases/of-mail/<int:mail_id>")
def of_mail(mail_id: int) -> Any:
    """On to the case that a mail in the outbox belongs to, at its message."""
    case, message_id = place_of_mail(current_user, mail_id)
    return redirect(url_for("cases.show", number=case.number, _anchor=f"message-{message_id}" if message_id else None))
