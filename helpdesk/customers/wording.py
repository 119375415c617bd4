"""The register in words, for templates."""

from helpdesk.core.i18n import _
from helpdesk.customers.models import Customer


def stage_words(customer: Customer) -> str:
    """Who it is to us: "Customer since 2021", "Prospect"."""
    if customer.stage == "customer":
        return _("Customer since %(year)s", year=customer.created_at.year)
    return {"suspect": _("Suspect"), "prospect": _("Prospect"), "former": _("Former customer")}[customer.stage]
