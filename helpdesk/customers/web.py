"""Pages of the room."""

from flask import Blueprint

web = Blueprint("customers", __name__, template_folder="templates")
