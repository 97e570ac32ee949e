"""A Spark Connect server (Apache Spark, or Sail) as the engine: for more than one machine holds.

The server reads the lake's and the facts' Parquet files itself, by the same paths, and answers in
Arrow; this process writes the facts, as it does with DuckDB. So the server must see the same
folders, and may write in one of them: `state/kept` below the instance's home, where what is
computed once and used several times waits, because servers do not agree on how to cache.

Nothing else lives on the server. A view is a plan that this process holds and sends along, rows of
ours travel with the plan when they are few, by a file when they are many.
"""

from __future__ import annotations

import atexit
import fcntl
import re
import shutil
import socket
import uuid
import warnings
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import IO, Any, Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from thuocdo.core.errors import ThuocdoError
from thuocdo.lake.delta_files import partition_of
from thuocdo.measure.engine.shape import (
    Make,
    Rows,
    Statement,
    input_name,
    statement,
    write_parquet,
)

# That it gave up is told as our error.
warnings.filterwarnings("ignore", message=r"\[RETRIES_EXCEEDED\]")
with warnings.catch_warnings():
    # The client warns of the newest pandas; we give and take Arrow.
    warnings.simplefilter("ignore", FutureWarning)
    import grpc
    from pyspark.errors import PySparkException
    from pyspark.errors import utils as errors
    from pyspark.errors.exceptions.connect import SparkConnectGrpcException
    from pyspark.sql import DataFrame, functions
    from pyspark.sql.connect.client.core import DefaultChannelBuilder
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.connect.session import SparkSession
    from pyspark.sql.pandas.types import from_arrow_schema
    from pyspark.sql.types import StructType

# Else the first column of a process asks the session that was opened first, whose server may be gone.
errors._enable_debugging_cache = False  # type: ignore[assignment]

_CONNECT_SECONDS: Final = 5.0
_DEFAULT_PORT: Final = 15002  # Spark Connect's own, where the URL names none
_RETRIES: Final = 3
"""A second or two: a network that stumbles is waited for, a dead server is not."""

_CHANNEL: Final[list[tuple[str, Any]]] = [("grpc.use_local_subchannel_pool", 1)]
"""A new session tries at once, however long the ones before waited for a server that was away."""

_TRAVELLING_BYTES: Final = 1 << 20
"""Rows of ours up to this size go along with every plan that uses them."""

_CONFIGURATION: Final = {
    "spark.sql.session.timeZone": "UTC",  # instants must not depend on the server's zone
    "spark.sql.ansi.enabled": "true",  # what does not fit is an error, never another number
}
_UNSEEN: Final = ("PATH_NOT_FOUND", "FAILED_READ_FILE", "CANNOT_READ_FILE")
_LOCK: Final = ".lock"
_DETAILS: Final = re.compile(r'details = "([^"\n]*)"')
_SESSION_GONE: Final = "INVALID_HANDLE"


class _Source(NamedTuple):
    """How this engine finds rows: a plan, and the folder they were written to, if any."""

    frame: DataFrame
    folder: Path | None = None


class SparkEngine:
    """One session of a Spark Connect server (`shape.Engine`).

    home  the instance's; the server sees it under the same path
    url   `sc://host:port`, with parameters of Spark Connect after `/;` if need be
    """

    def __init__(self, home: Path, url: str) -> None:
        self.is_lost = False
        self._place = urlsplit(url)
        _reach(self._place)
        self._folder = home / "state" / "kept" / uuid.uuid4().hex
        _sweep(self._folder.parent)
        self._folder.mkdir(parents=True)
        self._count = 0
        self._kept: list[Path] = []
        with self._speaking():
            channel = DefaultChannelBuilder(url, channelOptions=_CHANNEL)
            self._session = SparkSession.builder.channelBuilder(channel).create()
            self.close = weakref.finalize(self, _leave, self._session, _own(self._folder))
            atexit.register(self.close)  # before the client's own, which would wait for the server
            self._session.client.set_retry_policies([DefaultPolicy(max_retries=_RETRIES)])
            for name, value in _CONFIGURATION.items():
                self._session.conf.set(name, value)
            self._check_shared()

    def scan(
        self,
        files: Sequence[str],
        schema: pa.Schema,
        *,
        partition: bool = False,
        often: bool = False,  # noqa: ARG002 - the server has caches of its own
    ) -> Rows:
        """A file that the server does not see is an error: some servers would skip it."""
        if not files:
            return self.hold(schema.empty_table())
        with self._speaking():
            self._check_seen(files)
            frame = self._partitions(files, schema) if partition else self._read(files, schema)
        return Rows(_Source(frame), ibis.Schema.from_pyarrow(schema))

    def hold(self, rows: pa.Table) -> Rows:
        with self._speaking():
            if rows.nbytes > _TRAVELLING_BYTES:
                folder = self._new_folder(self._kept)
                pq.write_table(rows, folder / "rows.parquet", compression="zstd")
                frame = self._read([str(folder)], rows.schema)
            else:
                frame = self._session.createDataFrame(rows, schema=_types(rows.schema))
        return Rows(_Source(frame), ibis.Schema.from_pyarrow(rows.schema))

    def view(self, make: Make, *inputs: Rows, **choices: Any) -> Rows:
        said = statement("pyspark", make, inputs, choices)
        with self._speaking():
            return Rows(_Source(self._frame(said, inputs)), said.shape)

    def keep(self, make: Make, *inputs: Rows, pinned: bool = False, **choices: Any) -> Rows:
        """Written by the server to a folder of Parquet files that it and we see."""
        said = statement("pyspark", make, inputs, choices)
        shape = said.shape.to_pyarrow()
        folder = self._new_folder([] if pinned else self._kept)
        with self._speaking():
            frame = self._frame(said, inputs)
            typed = [functions.col(field.name).cast(field.dataType) for field in _types(shape)]
            frame.select(*typed).write.mode("append").parquet(str(folder))
            return Rows(_Source(self._read([str(folder)], shape), folder), said.shape)

    def drop(self, rows: Rows) -> None:
        shutil.rmtree(rows.source.folder)

    def rows(self, make: Make, *inputs: Rows, **choices: Any) -> pa.Table:
        said = statement("pyspark", make, inputs, choices)
        shape = said.shape.to_pyarrow()
        with self._speaking():
            found = [table.cast(shape) for table in self._batches(said, inputs)]
        return pa.concat_tables([shape.empty_table(), *found])

    def write(self, path: Path, make: Make, *inputs: Rows, **choices: Any) -> None:
        said = statement("pyspark", make, inputs, choices)
        with self._speaking():
            write_parquet(path, said.shape.to_pyarrow(), self._batches(said, inputs))

    def forget(self) -> None:
        for folder in self._kept:
            shutil.rmtree(folder)
        self._kept = []

    # Plans

    def _frame(self, said: Statement, inputs: Sequence[Rows]) -> DataFrame:
        frames = {input_name(place): rows.source.frame for place, rows in enumerate(inputs)}
        return self._session.sql(_template(said.text, len(inputs)), **frames)

    def _batches(self, said: Statement, inputs: Sequence[Rows]) -> Iterator[pa.Table]:
        """The answer as it comes. The client's `toArrow` would hold all of it in memory."""
        client = self._session.client
        frame: Any = self._frame(said, inputs)
        plan = frame._plan.to_proto(client)
        for found in client.to_table_as_iterator(plan, {}):
            if isinstance(found, pa.Table):  # the first thing that comes is the schema
                yield found

    def _read(self, files: Sequence[str], schema: pa.Schema) -> DataFrame:
        return self._session.read.schema(_types(schema)).parquet(*files)

    def _partitions(self, files: Sequence[str], schema: pa.Schema) -> DataFrame:
        """The column that lies in the path is said of each partition: not every server finds it."""
        partitions: dict[str, list[str]] = {}
        for file in files:
            partitions.setdefault(Path(file).parent.name, []).append(file)
        frames = []
        for folder, own in partitions.items():
            name = folder.partition("=")[0]
            stored = pa.schema([field for field in schema if field.name != name])
            value = functions.lit(partition_of(own[0])).cast(_types(schema)[name].dataType)
            read = self._read(own, stored).withColumn(name, value)
            frames.append(read.select(*schema.names))
        return reduce(DataFrame.unionAll, frames)

    def _new_folder(self, names: list[Path]) -> Path:
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        names.append(folder)
        return folder

    # What may go wrong

    def _check_shared(self) -> None:
        """That server and process mean the same folder by one path: one writes, the other reads."""
        folder = self._new_folder(self._kept)
        self._session.sql("SELECT 1 AS one").write.mode("append").parquet(str(folder))
        if not list(folder.glob("*.parquet")):
            raise self._unseen(f"What it writes to {folder} is not there.")
        self.forget()

    def _check_seen(self, files: Sequence[str]) -> None:
        listed = self._session.read.format("binaryFile").load(list(files))
        seen = listed.select("path").distinct().count()
        if seen != len(set(files)):
            raise self._unseen(f"It sees {seen} of {len(set(files))} files like {files[0]}.")

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Whatever the server or the way to it says, as an error a person can act on."""
        try:
            yield
        except (PySparkException, grpc.RpcError) as error:
            raise self._told(error) from error

    def _told(self, error: PySparkException | grpc.RpcError) -> ThuocdoError:
        condition = ""
        if isinstance(error, PySparkException):
            condition = error.getCondition() or ""
        text = _first_words(error)
        if condition.startswith(_UNSEEN):
            return self._unseen(text)
        if _is_gone(error) or condition.startswith(_SESSION_GONE):
            self.is_lost = True
            return ThuocdoError(
                "engine_lost",
                f"The Spark server at {self._place.netloc} went away: {text}",
                "Look whether it runs (THUOCDO_ENGINE) and ask again: nothing stored is touched.",
            )
        return ThuocdoError(
            "engine_failed",
            f"The Spark server at {self._place.netloc} could not compute it: {text}",
            "Its own log says more. DuckDB (THUOCDO_ENGINE unset) computes the same figures.",
        )

    def _unseen(self, what: str) -> ThuocdoError:
        return ThuocdoError(
            "engine_cannot_see",
            f"The Spark server at {self._place.netloc} does not see the instance's files. {what}",
            "It must see THUOCDO_HOME and the lake under the same paths, and may write in "
            "state/kept of THUOCDO_HOME (docs/engines.md).",
        )


def _reach(place: SplitResult) -> None:
    """Raises ThuocdoError `engine_unreachable` when nobody answers there."""
    address = (place.hostname or "", place.port or _DEFAULT_PORT)
    try:
        socket.create_connection(address, timeout=_CONNECT_SECONDS).close()
    except OSError as error:
        raise ThuocdoError(
            "engine_unreachable",
            f"No Spark server answers at {place.netloc}: {error}.",
            "Start it, or correct THUOCDO_ENGINE, or leave THUOCDO_ENGINE unset for DuckDB.",
        ) from error


def _is_gone(error: PySparkException | grpc.RpcError) -> bool:
    """Whether it was the way to the server that failed, not what was asked."""
    if isinstance(error, SparkConnectGrpcException):
        return error.getGrpcStatusCode() is grpc.StatusCode.UNAVAILABLE
    return isinstance(error, grpc.Call) and error.code() is grpc.StatusCode.UNAVAILABLE


def _first_words(error: BaseException) -> str:
    """What an error says, in one line; gRPC's begin with what says nothing."""
    text = str(error).strip()
    details = _DETAILS.search(text)
    return details[1] if details else text.partition("\n")[0]


def _types(schema: pa.Schema) -> StructType:
    return from_arrow_schema(schema)


def _template(text: str, inputs: int) -> str:
    """SQL in which the client puts its plans for the names of the inputs."""
    text = text.replace("{", "{{").replace("}", "}}")
    for place in range(inputs):
        text = text.replace(f"`{input_name(place)}`", f"{{{input_name(place)}}}")
    return text


def _own(folder: Path) -> IO[str]:
    """Say that somebody uses a folder, for as long as the answer stays open."""
    lock = (folder / _LOCK).open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _leave(session: SparkSession, lock: IO[str]) -> None:
    """End a session and remove its folder; a server that is gone is not waited for."""
    session.client.set_retry_policies([])
    session.stop()
    shutil.rmtree(Path(lock.name).parent)
    lock.close()


def _sweep(kept: Path) -> None:
    """Remove the folders of engines that died."""
    for path in kept.glob(f"*/{_LOCK}"):
        with path.open("r") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(path.parent)
