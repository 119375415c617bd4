"""Pages of the room."""

from flask import Blueprint

web = Blueprint("accounts", __name__, template_folder="templates")
