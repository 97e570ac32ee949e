"""Every definition proves itself: its vectors go through raw events to the figure."""

from __future__ import annotations

import pytest

from thuocdo.core.clock import from_datetime, parse_period
from thuocdo.measure.definitions import Vector, definitions

CASES = [
    pytest.param(indicator.code, version.version, vector, id=f"{indicator.code}@{version.version}: {vector.name}")
    for indicator in definitions()
    for version in indicator.versions
    for vector in version.vectors
]


@pytest.mark.parametrize(("code", "version", "vector"), CASES)
def test_the_vector_gives_its_figure(world, code: str, version: str, vector: Vector) -> None:
    from datetime import datetime

    world.tell("services", *({"agency": "H26", **service} for service in vector.services))
    views = []
    for view in vector.views:
        given = dict(view)
        at = from_datetime(datetime.fromisoformat(given.pop("at")))
        views.append(world.view(at, **given))
    world.send("page_views", *views)
    world.send(
        "dossier_events",
        *(event for dossier in vector.dossiers for event in world.dossiers(**dossier)),
    )
    world.refresh()

    figures = world.measure().figures(
        code, parse_period(vector.period), version=version, agency="H26"
    )

    assert len(figures) == 1
    figure, expected = figures[0], vector.expect
    assert (figure.numerator, figure.denominator, figure.value) == (
        expected.numerator,
        expected.denominator,
        expected.value,
    )
    assert set(expected.flags) <= set(figure.flags)
    assert figure.version == version
