"""Pages of the room."""

from flask import Blueprint

web = Blueprint("search", __name__, template_folder="templates")
