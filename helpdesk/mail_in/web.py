"""Pages of the room."""

from flask import Blueprint

web = Blueprint("mail_in", __name__, template_folder="templates")
