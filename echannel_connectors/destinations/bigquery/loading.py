"""Rows on their way in: a Parquet file, a load job that is recognised when it comes twice, a staging table."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from echannel_connectors.destinations.bigquery import layout
from echannel_connectors.destinations.bigquery.refusals import clear_errors
from echannel_connectors.destinations.bigquery.service import JOB_SECONDS, Service
from echannel_connectors.destinations.bigquery.words import Names
from echannel_connectors.errors import DestinationError, Unavailable
from echannel_connectors.google_login import bigquery_client
from echannel_connectors.texts import say

STAGING = "_staging_"
LIFE = timedelta(days=1)  # of a staging table that nobody came back for
ATTEMPTS = 5
# zstd finds what repeats by itself, and BigQuery makes its own statistics: half the time, and smaller.
PLAIN: Any = {"use_dictionary": False, "write_statistics": False}
AT_ONCE = 4  # load jobs side by side


@dataclass(frozen=True, slots=True)
class Staged:
    """A staging table that holds some rows."""

    table_id: str
    rows: int


@dataclass
class Loader:
    """Loads what commits need, some of them side by side before their turn comes."""

    service: Service
    names: Names
    _ahead: dict[str, Future[Staged]] = field(default_factory=dict)
    _pool: ThreadPoolExecutor | None = None

    def begin(self, words: Iterable[str], rows: pa.RecordBatch) -> None:
        """Start to load; `load` with the same words and rows gives the result."""
        name = "\n".join(words)
        if self._pool is None:
            self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="echannel-load")
        self._ahead[name] = self._pool.submit(self._loaded, name, rows)

    def load(self, words: Iterable[str], rows: pa.RecordBatch | pa.RecordBatchReader) -> Staged:
        """The rows in a staging table. Raises the errors of clear_errors; DestinationError for rows that do not fit."""
        name = "\n".join(words)
        begun = self._ahead.pop(name, None)
        return begun.result() if begun else self._loaded(name, rows)

    def drop(self, staged: Staged) -> None:
        self.service.call("delete_table", staged.table_id, not_found_ok=True)

    def close(self) -> None:
        for begun in self._ahead.values():
            begun.cancel()
        self._ahead.clear()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _loaded(self, name: str, rows: pa.RecordBatch | pa.RecordBatchReader) -> Staged:
        with _parquet(rows) as (file, digest, count):
            # By its content, too: a run that was killed may find other rows at the same place when it comes again.
            mark = hashlib.sha256(f"{self.names.dataset}\n{name}\n{digest}".encode()).hexdigest()[:24]
            table_id = f"{self.names.project}.{self.names.dataset_of('raw')}.{STAGING}{mark}"
            for attempt in range(ATTEMPTS):
                if self._tried(f"echannel_{mark}_{attempt}", table_id, rows.schema, file, count):
                    return Staged(table_id, count)
        raise Unavailable(say("BigQuery did not load the rows of {name} in {n} attempts", name=name, n=ATTEMPTS))

    def _tried(self, job_id: str, table_id: str, schema: pa.Schema, file: IO[bytes], count: int) -> bool:
        """Whether the job, now or when it was sent before, has filled the table; False asks for another one."""
        from google.api_core.exceptions import Conflict, GoogleAPICallError, NotFound

        bigquery = bigquery_client()

        table = bigquery.Table(table_id, schema=layout.fields(schema))
        table.expires = datetime.now(UTC) + LIFE
        table.labels = layout.LABELS
        self.service.call("create_table", table, exists_ok=True)
        file.seek(0)
        config = _load_config(schema)
        known = False
        with clear_errors():
            try:
                job = self.service.client.load_table_from_file(
                    file, table_id, job_id=job_id, job_config=config, rewind=True, timeout=JOB_SECONDS
                )
            except Conflict:  # sent before: the reply was lost, or a run was killed
                try:
                    job, known = self.service.client.get_job(job_id), True
                except NotFound:  # its name alone: a run was killed before the last byte
                    return False
            try:
                job.result(timeout=JOB_SECONDS)
            except GoogleAPICallError as error:
                if known or (error.code or 0) >= 500:
                    return False
                raise
        found = self.service.table(table_id)
        return found is not None and int(found.num_rows or 0) == count


def _load_config(schema: pa.Schema) -> Any:  # bigquery.LoadJobConfig
    bigquery = bigquery_client()
    from google.cloud.bigquery.format_options import ParquetOptions

    lists = ParquetOptions()  # type: ignore[no-untyped-call]  # Google's, without types here
    lists.enable_list_inference = True
    return bigquery.LoadJobConfig(
        source_format=bigquery.SourceFormat.PARQUET,
        schema=layout.fields(schema),
        write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
        create_disposition=bigquery.CreateDisposition.CREATE_NEVER,
        parquet_options=lists,
        labels=layout.LABELS,
    )


@contextmanager
def _parquet(rows: pa.RecordBatch | pa.RecordBatchReader) -> Iterator[tuple[IO[bytes], str, int]]:
    """The rows as Parquet (zstd) in a temporary file, the file's digest, and their number."""
    batches = [rows] if isinstance(rows, pa.RecordBatch) else rows
    count = 0
    with tempfile.TemporaryFile() as file:
        try:
            with pq.ParquetWriter(file, rows.schema, compression="zstd", **PLAIN) as writer:
                for batch in batches:
                    writer.write_batch(batch)
                    count += batch.num_rows
        except OSError as error:
            raise DestinationError(say("there is no room for a temporary file: {problem}", problem=error)) from error
        file.seek(0)
        yield file, hashlib.file_digest(file, "sha256").hexdigest(), count


def digest(rows: pa.RecordBatch | pa.Table) -> str:
    """The rows' content, in a few characters."""
    summed = hashlib.sha256(rows.schema.to_string().encode())
    for batch in rows.to_batches() if isinstance(rows, pa.Table) else [rows]:
        summed.update(batch.serialize())
    return summed.hexdigest()[:32]


def words_of(stream: str, part: str, number: int, position: str) -> tuple[str, ...]:
    """What a commit's load job is known by."""
    return stream, part, str(number), json.dumps(position)
