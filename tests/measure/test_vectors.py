"""Every definition proves itself: its vectors go through raw events to the figure."""

from __future__ import annotations

import pytest

from thuocdo.core.clock import parse_instant, parse_period, to_datetime
from thuocdo.measure.definitions import definitions

CASES = [
    (indicator.code, version.version, vector)
    for indicator in definitions()
    for version in indicator.versions
    for vector in version.vectors
]


@pytest.fixture(scope="module")
def measure(new_world, tmp_path_factory):
    """One country in which each vector is a province, its story told as raw rows."""
    world = new_world(tmp_path_factory.mktemp("vectors"))
    told = {"agencies": [], "sites": [], "systems": [], "services": []}
    views, events = [], []
    for site, (_, _, vector) in enumerate(CASES, start=1):
        agency = f"H{site:03d}"
        own = {"agency": agency, "system": f"{agency}-one_stop"}
        told["agencies"].append({"code": agency, "name": vector.name, "kind": "province"})
        told["sites"].append({"site_id": site, "agency": agency, "kind": "portal"})
        told["systems"].append({"code": own["system"], "agency": agency, "kind": "one_stop"})
        told["services"] += [{"agency": agency, **service} for service in vector.services]
        for view in vector.views:
            at = parse_instant(view["at"])
            more = {name: view[name] for name in view if name not in ("at", "landed", "count")}
            if "landed" in view:  # then it came by the tracker, not in a file
                more["landed_at"] = to_datetime(parse_instant(view["landed"]))
                more["feed"] = "tracking"
            views += [world.view(at, site=site, **more)] * view.get("count", 1)
        for dossier in vector.dossiers:
            events += world.dossiers(**dossier, **own)
    for name, rows in told.items():
        world.tell(name, *rows)
    world.send("page_views", *views)
    world.send("dossier_events", *events)
    world.refresh()
    return world.measure()


@pytest.mark.parametrize(
    "number",
    range(len(CASES)),
    ids=lambda n: f"{CASES[n][0]}@{CASES[n][1]}: {CASES[n][2].name}",
)
def test_the_vector_gives_its_figure(measure, number: int) -> None:
    code, version, vector = CASES[number]

    figures = measure.figures(
        code, parse_period(vector.period), version=version, agency=f"H{number + 1:03d}"
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
