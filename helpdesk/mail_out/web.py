"""Pages of the room."""

from flask import Blueprint

web = Blueprint("mail_out", __name__, template_folder="templates")
