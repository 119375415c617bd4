"""Inquiries from the company's own forms and programs, as JSON."""

from flask import Blueprint

api = Blueprint("intake_api", __name__)
