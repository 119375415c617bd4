"""The endpoint for programs keeps what its OpenAPI document promises: schemathesis reads the one and asks the other."""

import pytest
import schemathesis
from flask import Flask
from hypothesis import given
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from helpdesk.cases.models import Queue
from tests.fuzz.pace import tried, tries
from tests.fuzz.whole import halves

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_is_one_that_the_document_names(app: Flask, queue: Queue, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert operations
    for operation in operations:

        @tries(20)
        @given(operation.as_strategy(generation_mode=mode))
        def is_asked(case: schemathesis.Case) -> None:
            answer = case.call_and_validate(checks=CHECKS)
            tried("OpenAPI", answer.status_code)

        is_asked()
    assert halves() == []
