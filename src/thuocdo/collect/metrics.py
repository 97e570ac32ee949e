"""What the collector counts about itself, in Prometheus' text format.

The hot path adds to plain integers; they are turned into metrics only when somebody asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from thuocdo.wal.writer import Writer

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Counts:
    """Events by feed and outcome ("" is accepted), requests that could not be stored or served."""

    def __init__(self) -> None:
        self.events: Counter[tuple[str, str]] = Counter()
        self.unavailable = 0
        self.failures = 0
        self.throttled = 0

    def add(self, feed: str, refused: str = "", count: int = 1) -> None:
        self.events[feed, refused] += count


def _together(all_counts: Sequence[Counts]) -> Counts:
    together = Counts()
    for each in all_counts:
        together.events.update(dict(each.events))
        together.unavailable += each.unavailable
        together.failures += each.failures
        together.throttled += each.throttled
    return together


class Exposition:
    """A Prometheus collector over the counts and the log's writer."""

    def __init__(self, counts: Sequence[Counts], writer: Writer) -> None:
        """counts: one for each thread that counts."""
        self._all = counts
        self._writer = writer
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Called by the registry at each scrape."""
        events = CounterMetricFamily(
            "thuocdo_collect_events",
            "Events durably written, by feed and outcome.",
            labels=("writer", "feed", "outcome"),
        )
        name = self._writer.name
        counts = _together(self._all)
        for (feed, refused), count in sorted(counts.events.items()):
            events.add_metric([name, feed, refused or "accepted"], count)
        yield events
        for key, what, count in (
            ("unavailable", "Requests answered 503: nothing was stored.", counts.unavailable),
            ("failures", "Requests that met a defect of the collector.", counts.failures),
            (
                "throttled",
                "Requests of addresses that were over their rate.",
                counts.throttled,
            ),
            ("wal_frames", "Group commits.", self._writer.frames),
            ("wal_bytes", "Bytes of records made durable.", self._writer.bytes),
            ("wal_write_errors", "Group commits the disk refused.", self._writer.failures),
        ):
            metric = CounterMetricFamily(f"thuocdo_collect_{key}", what, labels=("writer",))
            metric.add_metric([name], count)
            yield metric
        waiting = GaugeMetricFamily(
            "thuocdo_collect_wal_waiting_bytes",
            "Bytes waiting for the disk.",
            labels=("writer",),
        )
        waiting.add_metric([name], self._writer.waiting_bytes)
        yield waiting
