"""A form carries what was typed and shows what an act says about it, so that page and command line are judged alike."""

from flask_wtf import FlaskForm
from wtforms import Field

from helpdesk.core.errors import InvalidInput


class Form(FlaskForm):
    """A form whose fields have the names that an act's InvalidInput uses."""

    def show_refusal(self, error: InvalidInput) -> None:
        """Put an act's sentences under the fields, where what was typed still stands."""
        for name, sentence in error.fields.items():
            field: Field | None = self._fields.get(name)
            if field is not None:
                field.errors = [*field.errors, sentence]
