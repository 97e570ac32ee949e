"""Every resource answers with data, from the same figures as the pages."""

from __future__ import annotations

import pytest

PLACES = (
    "/api/v1/",
    "/api/v1/agencies",
    "/api/v1/agencies/H26",
    "/api/v1/agencies/000.00.00.H26",
    "/api/v1/sites",
    "/api/v1/sites/391",
    "/api/v1/services",
    "/api/v1/indicators",
    "/api/v1/indicators/online_dossier_rate",
    "/api/v1/figures?indicator=online_dossier_rate",
    "/api/v1/figures?indicator=online_dossier_rate&agency=H26",
    "/api/v1/figures?indicator=online_dossier_rate&agency=H26&by=children",
    "/api/v1/figures?indicator=online_dossier_rate&agency=H26&by=service",
    "/api/v1/rankings/online_dossier_rate",
    "/api/v1/rankings/portal_visits?block=ministry&period=7d",
    "/api/v1/series/online_dossier_rate?agency=H26",
    "/api/v1/series/online_dossier_rate?block=province",
    "/api/v1/reports",
    "/api/v1/assessments",
    "/api/v1/assessments/2024",
    "/api/v1/kpi/qcvn-125?indicator=online_dossier_rate",
    "/api/v1/openapi.json",
)


@pytest.mark.parametrize("address", PLACES)
def test_every_resource_answers(client, country, address):
    response = client.get(address)
    assert response.status_code == 200, response.content[:400]
    assert response.json()
