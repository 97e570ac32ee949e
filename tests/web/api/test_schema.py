"""The OpenAPI document and the door say the same: schemathesis asks what the document allows, and what not."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from thuocdo.web.api.v1 import api

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
    ignored_auth,
)
"""Not among them: that whatever the document allows is answered. No document can say which codes there
are, or that a period ends after it begins."""

PLAIN = {"Accept-Encoding": "identity"}
EXAMPLES = {GenerationMode.POSITIVE: 8, GenerationMode.NEGATIVE: 6}
DESCRIBED = api.get_openapi_schema(path_prefix="/api/v1/")["paths"]
ASKED = [
    (path, mode)
    for path, methods in sorted(DESCRIBED.items())
    for mode in EXAMPLES
    if mode is GenerationMode.POSITIVE or methods["get"]["parameters"]  # what could be wrong
]
TRUE = (
    ("/", {}, {}),
    ("/agencies", {}, {"q": "ha noi"}),
    ("/agencies/{code}", {"code": "H26"}, {"on": "2022-05-01"}),
    ("/sites", {}, {"agency": "H26"}),
    ("/sites/{site_id}", {"site_id": 391}, {}),
    ("/services", {}, {"level": "full", "limit": 2}),
    ("/indicators", {}, {}),
    ("/indicators/{code}", {"code": "online_dossier_rate"}, {}),
    ("/figures", {}, {"indicator": "online_dossier_rate", "block": "province"}),
    ("/rankings/{indicator}", {"indicator": "portal_visits"}, {"block": "ministry"}),
    ("/series/{indicator}", {"indicator": "online_dossier_rate"}, {"agency": "H26"}),
    ("/reports", {}, {}),
    ("/assessments", {}, {}),
    ("/assessments/{code}", {"code": "2024"}, {}),
    ("/kpi/qcvn-125", {}, {"indicator": "online_dossier_rate", "period": "30d"}),
)


@cache
def described() -> Any:
    """Read once: schemathesis looks through the whole program for words to ask with."""
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


@pytest.fixture
def document(country):
    return described()


@pytest.mark.parametrize(("path", "place", "query"), TRUE)
def test_true_answers_are_as_described(document, path, place, query):
    case = document[f"/api/v1{path}"]["GET"].Case(path_parameters=place, query=query)
    response = case.call_and_validate(checks=CHECKS, headers=PLAIN)
    assert response.status_code == 200


@pytest.mark.parametrize(("path", "mode"), ASKED)
def test_nothing_breaks_and_every_answer_is_as_described(document, path, mode):
    operation = document[path]["GET"]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES[mode],
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case):
        case.call_and_validate(checks=CHECKS, headers=PLAIN)

    ask()
