"""Pages of the room."""

from flask import Blueprint

web = Blueprint("intake", __name__, template_folder="templates")
