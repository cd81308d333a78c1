"""BigQuery through Google's client: jobs that are waited for, what they cost, errors in one sentence."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Any

from echannel_connectors import events
from echannel_connectors.destinations.bigquery.cost import Cost
from echannel_connectors.destinations.bigquery.refusals import Absent, Elsewhere, Raced, clear_errors
from echannel_connectors.errors import EChannelError, Refused
from echannel_connectors.events import OnEvent
from echannel_connectors.google_login import bigquery_client, login
from echannel_connectors.per_process import per_process
from echannel_connectors.texts import say

SCOPE = "https://www.googleapis.com/auth/bigquery"
CALL_SECONDS = 60.0  # for one request; a job may run longer
JOB_SECONDS = 1800.0
ATTEMPTS = 4  # of a transaction that met another one
LEAST = 10 * 2**20  # what BigQuery bills at least for each table that a query reads
Values = Mapping[str, Any]


class Service:
    """One project as one account sees it."""

    def __init__(self, project: str, location: str, credentials: str, endpoint: str, max_bytes: int | None) -> None:
        bigquery_client()
        self.project = project
        self.location = location
        self.credentials = credentials
        self.endpoint = endpoint
        self.max_bytes = max_bytes
        self.cost = Cost()
        self.on_event: OnEvent = events.ignore
        self.sleep: Callable[[float], None] = time.sleep

    # -- statements -------------------------------------------------------------------------------------------------

    def run(self, sql: str, values: Values | Sequence[Any] = ()) -> Any:  # a bigquery.QueryJob that is done
        """Run a statement or a script to its end. Raises what clear_errors says; Refused beyond the budget."""
        bigquery = bigquery_client()

        config = bigquery.QueryJobConfig(query_parameters=parameters(values), labels={"made_by": "echannel"})
        if self.max_bytes is not None:
            left = self.max_bytes - self.cost.bytes
            if left < LEAST:
                raise self._spent(0)
            config.maximum_bytes_billed = left
            if ";" in sql:
                config.script_options = bigquery.ScriptOptions(statement_byte_budget=left)
        with clear_errors():
            job = self.client.query(sql, job_config=config, timeout=CALL_SECONDS, retry=self._retry, job_retry=None)
            job.result(timeout=JOB_SECONDS, retry=self._retry, job_retry=None)
        self.cost.add(job.total_bytes_billed)
        return job

    def transaction(
        self, statements: Sequence[str], values: Values = MappingProxyType({}), after: str = ""
    ) -> Any:  # as above
        """All or nothing; one that met another transaction is tried again. `after` is asked when it is done."""
        script = ";\n".join(["BEGIN TRANSACTION", *statements, "COMMIT TRANSACTION", *([after] if after else [])]) + ";"
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self.run(script, values)
            except Raced as error:
                if attempt == ATTEMPTS:
                    raise
                pause = random.uniform(0.5, 1.0) * 2**attempt  # noqa: S311 - two runs only must not keep step
                self.on_event(events.Retrying(say("BigQuery"), attempt, round(pause, 1), error.sentence))
                self.sleep(pause)
        raise AssertionError("an attempt either returns or raises")

    def rows(self, sql: str, values: Values | Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The rows of a small result."""
        with clear_errors():
            return [dict(row.items()) for row in self.run(sql, values).result(timeout=CALL_SECONDS)]

    def foreseen(self, sql: str) -> int:
        """What a statement would be billed, without running it; 0 where a table that it reads is not there yet."""
        try:
            job = self._dry(sql)
        except (Absent, Elsewhere):
            return 0
        read = int(job.total_bytes_processed or 0)
        return max(read, LEAST * len(job.referenced_tables or ())) if read else 0

    def reads(self, sql: str) -> int:
        """The bytes that a statement would read, without running it."""
        return int(self._dry(sql).total_bytes_processed or 0)

    def _dry(self, sql: str) -> Any:  # a bigquery.QueryJob that was not run
        config = bigquery_client().QueryJobConfig(dry_run=True, use_query_cache=False)
        with clear_errors():
            return self.client.query(sql, job_config=config, timeout=CALL_SECONDS, retry=self._retry, job_retry=None)

    def afford(self, statements: Iterable[str]) -> None:
        """Raise Refused where the statements together would pass the budget; nothing is spent for it."""
        if self.max_bytes is None:
            return
        needed = sum(self.foreseen(sql) for sql in statements)
        if self.cost.bytes + needed > self.max_bytes:
            raise self._spent(needed)

    def _spent(self, needed: int) -> EChannelError:
        sizes = {"used": self.cost.bytes / 2**20, "needed": needed / 2**20, "most": (self.max_bytes or 0) / 2**20}
        sentence = say(
            "the budget of {most:,.0f} MiB (max_bytes) does not last: {used:,.0f} MiB are used, {needed:,.0f} MiB more "
            "would be",
            **sizes,
        )
        return Refused(sentence, hint=say("raise max_bytes in the destination, or sync less at once (--only)"))

    # -- the API ----------------------------------------------------------------------------------------------------

    def call(self, name: str, *given: Any, **options: Any) -> Any:  # whatever the client gives
        """One of the client's calls about datasets, tables or jobs; none of them costs anything."""
        with clear_errors():
            return getattr(self.client, name)(*given, timeout=CALL_SECONDS, retry=self._retry, **options)

    def table(self, table_id: str) -> Any | None:  # a bigquery.Table
        """What is known of a table; None where it is not there."""
        try:
            return self.call("get_table", table_id)
        except Absent:
            return None

    @cached_property
    def _retry(self) -> Any:  # google.api_core's Retry
        from google.cloud.bigquery.retry import DEFAULT_RETRY

        return DEFAULT_RETRY.with_timeout(CALL_SECONDS * 2)

    @per_process
    def client(self) -> Any:  # bigquery.Client
        bigquery = bigquery_client()

        who = login(self.credentials, SCOPE, self.endpoint)
        options = {"client_options": {"api_endpoint": self.endpoint}} if self.endpoint else {}
        return bigquery.Client(project=self.project, credentials=who, location=self.location, **options)

    def close(self) -> None:
        if "client" in self.__dict__:
            self.__dict__.pop("client").close()


def parameters(values: Values | Sequence[Any]) -> list[Any]:  # of bigquery's query parameters
    """`@name` parameters, or `?` in their order, typed by their values; NULL has to be written into the statement."""
    bigquery = bigquery_client()

    found: list[Any] = []
    for name, value in values.items() if isinstance(values, Mapping) else ((None, value) for value in values):
        if isinstance(value, list | tuple):
            kind = _kind(value[0]) if value else "STRING"
            found.append(bigquery.ArrayQueryParameter(name, kind, list(value)))
        else:
            plain = Decimal(str(value)) if isinstance(value, float) else value
            found.append(bigquery.ScalarQueryParameter(name, _kind(plain), plain))
    return found


def _kind(value: Any) -> str:  # of a query parameter
    return next(name for kind, name in KINDS if isinstance(value, kind))


KINDS: tuple[tuple[type, str], ...] = (
    (bool, "BOOL"), (int, "INT64"), (Decimal, "NUMERIC"), (datetime, "TIMESTAMP"), (date, "DATE"), (str, "STRING"),
)  # fmt: skip
