"""Becoming a `thuocdo` command by forking: what never changes is loaded once, and shared by all who come of it.

Nine tenths of what a role does before it is up is loading libraries. A process that has loaded them, reads nothing
of an instance and has no second thread can become any command within milliseconds. What is forked has its own
environment, session, output, name and random numbers, and ends as any program does.

What may not be loaded before: anything that asks where the instance is (Django's settings, hence models and pages),
or that opens something (databases, DuckDB's connections, the event loops and runtimes of servers).
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import importlib.util
import os
import runpy
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

from thuocdo.core.errors import ThuocdoError

LIBRARIES: Final = (
    *("pandas", "pyarrow.dataset", "pyarrow.parquet", "duckdb", "ibis", "sqlglot", "yaml"),
    *("ibis.formats.pyarrow", "ibis.backends.duckdb", "pydantic.types", "requests"),
    *("django.core.management", "django.db.models", "django.forms", "django.template.defaulttags"),
    *("django.views.generic", "django.contrib.messages", "rich.table", "cryptography.x509"),
    *(
        "uvloop",
        "granian.server.embed",
        "fido2.server",
        "qrcode",
        "holidays",
        "jinja2",
        "lxml.etree",
    ),
    *("docxtpl", "xlsxwriter", "typst", "vl_convert", "python_calamine", "wsgiref.simple_server"),
    *(
        "thuocdo.cli.commands",
        "thuocdo.lake.store",
        "thuocdo.measure.service",
        "thuocdo.collect.run",
    ),
    *("thuocdo.run.pipeline", "thuocdo.run.worker", "thuocdo.run.scanner", "thuocdo.lake.imports"),
    *("thuocdo.assess.probes.catalogue", "thuocdo.assess.scans.looking", "thuocdo.steer.looking"),
    *("thuocdo.report.making", "thuocdo.report.render.assessment", "thuocdo.report.desk.public"),
    *("thuocdo.measure.reconcile.reconciling", "thuocdo.web.opendata.making", "thuocdo.web.charts"),
)
"""Nothing that asks where the instance is when it is loaded."""
IF_INSTALLED: Final = ("psycopg",)
"""Django's forms load it wherever it is."""
WITHOUT_THREADS: Final = {
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "_RJEM_MALLOC_CONF": "background_thread:false",
}
"""For the process that loads them: libraries that would start threads when they are loaded, and do without."""
ROOM: Final = " " * 400
"""An argument for the process that loads: where the command lines of what comes of it are written."""
_NAME_BYTES: Final = 15
_PR_SET_NAME: Final = 15  # prctl(2)
_ARG_START: Final = 45  # fields of proc(5) stat, counted after the name
_ARG_END: Final = 46


def load(libraries: Iterable[str] = LIBRARIES) -> None:
    """Load what is to be shared. Raises what the loading raises, and ThuocdoError `has_threads`."""
    gc.disable()  # what is loaded stays: looking through it for garbage is a seventh of the time
    for name in (*libraries, *filter(importlib.util.find_spec, IF_INSTALLED)):
        importlib.import_module(name)
    threads = [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]
    if (
        len(threads) > 1
    ):  # a lock that another thread holds would be held for ever in what is forked
        raise ThuocdoError(
            "has_threads",
            f"What was loaded started threads ({', '.join(threads)}), and cannot be forked.",
        )
    gc.collect()
    gc.freeze()  # what is shared is not looked at, so not copied
    gc.enable()


def become(words: Sequence[str], environment: Mapping[str, str]) -> None:
    """Be, in what was forked, as `python -m thuocdo` with these words and this environment is at its beginning."""
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    if numpy := sys.modules.get("numpy"):  # Python's own generator and OpenSSL notice a fork
        numpy.random.seed()
    call_itself([sys.executable, "-m", "thuocdo", *words], f"thuocdo-{next(iter(words), '')}")
    sys.argv = ["thuocdo", *words]


def call_itself(words: Sequence[str], name: str) -> None:
    """Let `ps` and `top` show this command line and name; both are cut to the room there is.

    The kernel reads the command line from where it put it when the program began (proc(5), cmdline), so that is
    written over, and nothing beyond.
    """
    ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode()[:_NAME_BYTES])
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[_ARG_START]), int(fields[_ARG_END])
    line = "\0".join(words).encode()[: max(0, end - start - 1)]
    ctypes.memset(start, 0, end - start)
    ctypes.memmove(start, line, len(line))


def run() -> int:
    """`python -m thuocdo` with the arguments there are; its exit code."""
    try:
        runpy.run_module("thuocdo", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return _code(end.code)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def _code(said: str | int | None) -> int:
    """As the interpreter takes what sys.exit is given."""
    if isinstance(said, str):
        sys.stderr.write(f"{said}\n")
        return 1
    return said or 0


def end(code: int) -> NoReturn:
    """As the interpreter ends, without taking down what is shared: that would copy it first."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # a full disk, or nobody reads
            stream.flush()
    os._exit(code)
