"""Load a set of simulated or delivered files in the order that their references need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings


class FileSet(Protocol):
    """Files in the import formats of DESIGN.md §6.4."""

    @property
    def agencies(self) -> Path: ...
    @property
    def sites(self) -> Path: ...
    @property
    def services(self) -> Path: ...
    @property
    def dossiers(self) -> Sequence[Path]: ...
    @property
    def page_views(self) -> Sequence[Path]: ...


def load(settings: Settings, files: FileSet) -> Iterator[tuple[str, ImportResult]]:
    """Import agencies, sites, services, dossiers and page views; yields what each import said."""
    from thuocdo.lake import imports
    from thuocdo.lake.store import Lake
    from thuocdo.registry.setup import setup_django

    setup_django()
    from thuocdo.registry import loaders

    quiet: Callable[[int, int | None], None] = lambda _done, _total: None  # noqa: E731
    yield "agencies", loaders.import_agencies(settings, [files.agencies], quiet)
    yield "sites", loaders.import_sites(settings, [files.sites], quiet)
    yield "services", loaders.import_services(settings, [files.services], quiet)
    lake = Lake.open(settings)
    yield "dossiers", imports.import_dossiers(settings, lake, list(files.dossiers), quiet)
    yield "page views", imports.import_page_views(settings, lake, list(files.page_views), quiet)
