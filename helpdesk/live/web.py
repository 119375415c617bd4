"""Pages of the room."""

from flask import Blueprint

web = Blueprint("live", __name__, template_folder="templates")
