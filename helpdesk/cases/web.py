"""Pages of the room."""

from flask import Blueprint

web = Blueprint("cases", __name__, template_folder="templates")
