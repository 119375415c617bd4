"""Every field of the register says why it is kept."""

from sqlalchemy import Table

from helpdesk.core.db import Base
from helpdesk.core.i18n import catalogue
from helpdesk.customers.purposes import PURPOSES


def tables_of_the_register() -> list[Table]:
    return [
        mapper.local_table
        for mapper in Base.registry.mappers
        if mapper.class_.__module__ == "helpdesk.customers.models" and isinstance(mapper.local_table, Table)
    ]


def test_every_column_of_the_register_has_a_purpose_and_no_other_has():
    columns = {table.name: {column.name for column in table.columns} for table in tables_of_the_register()}
    assert {name: set(fields) for name, fields in PURPOSES.items()} == columns
    assert len(columns) == 5


def test_every_purpose_has_a_basis_a_category_and_an_end():
    for fields in PURPOSES.values():
        for purpose in fields.values():
            assert purpose.basis.startswith("6(1)(")
            assert purpose.category
            assert 0 < purpose.kept_months <= 120
            assert str(purpose.purpose) in catalogue("nb")
