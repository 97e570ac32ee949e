"""Whatever a hit says, it is judged: written or refused, never an error."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.collect.conftest import KEY
from tests.collect.test_hits import AGENT, registry

from thuocdo.collect.gate import Gate, Opens
from thuocdo.collect.hit_judge import Judge, Judged, Sender, Shown
from thuocdo.core import snapshot as snapshots
from thuocdo.core.vocabulary import RejectReason
from thuocdo.wire import matomo_bulk
from thuocdo.wire.events import Hit, Unreadable
from thuocdo.wire.matomo import parse_hit

SECRET = b"a secret for tests, long enough"
SENDER = Sender(1_795_000_000_000_000, "192.0.2.1", AGENT, "https://example.gov.vn/tin")


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Gate:
    path = tmp_path_factory.mktemp("gate") / "snapshot.msgpack"
    snapshots.write(path, registry(SECRET))
    return Gate(path, SECRET)


def stored(judged: Judged) -> Hit:
    """The hit as it comes back from the log."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(judged.hit), type=Hit)


def test_an_address_is_kept_in_its_plain_form(gate: Gate) -> None:
    for said, plain in (("203.0.113.7:443", "203.0.113.7"), ("::ffff:203.0.113.7", "203.0.113.7")):
        judged = Judge(gate, SENDER, None)(f"idsite=227&cip={said}&token_auth={KEY}")
        assert (judged.refused, judged.hit.address) == ("", plain)


def test_the_key_of_a_request_speaks_for_hits_that_show_another(gate: Gate) -> None:
    judged = Judge(gate, SENDER, Opens("H29", None))("idsite=227&cdt=1768896000&token_auth=wrong")
    assert (judged.refused, judged.hit.trust) == ("", "verified")


names = st.sampled_from(
    ["idsite", "rec", "url", "cip", "ua", "uid", "cdt", "cdo", "token_auth", "dvc", "?idsite", "x"]
)
values = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["227", "57", "300", "999", KEY, "::1", "%ff", "%00", "+", "2026-01-20"]),
)
queries = st.one_of(
    st.text(max_size=60),
    st.lists(st.tuples(names, values), max_size=8).map(
        lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
    ),
)
shown = st.sampled_from(
    [None, Opens(None, None), Opens("H57", None), Unreadable(RejectReason.BAD_KEY, "no")]
)


@settings(max_examples=400, deadline=None)
@given(queries, queries, shown)
def test_no_text_is_an_error(gate: Gate, query: str, form: str, opens: Shown) -> None:
    judged = Judge(gate, SENDER, opens)(query, form)
    hit = stored(judged)
    for event in parse_hit(hit):
        assert judged.refused or not isinstance(event, Unreadable)
    untold = Judge(gate, SENDER, opens)(query, form, is_told=False)
    assert untold.hit == judged.hit
    assert untold.refused in ("", judged.refused)
    if hit.trust == "verified":
        assert isinstance(opens, Opens) or KEY in query + form


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(queries, st.dictionaries(names, values, max_size=6)), max_size=4))
def test_no_item_of_a_bulk_is_an_error(gate: Gate, items: list[object]) -> None:
    bulk = matomo_bulk.read(msgspec.json.encode({"requests": items}))
    assert isinstance(bulk, matomo_bulk.Bulk)
    judge = Judge(gate, SENDER, None)
    for item in bulk.requests:
        stored(judge.refused(item) if isinstance(item, Unreadable) else judge(item))
