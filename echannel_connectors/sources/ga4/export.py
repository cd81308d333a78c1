"""Google's own export of a property to BigQuery (`events_YYYYMMDD`) as the other way to the same reports.

Each field of a report has an expression over the events of its days; what the export does not tell (ad costs) is left
to the API. Nothing is sampled, withheld or folded into (other) there. A session is a visitor and a session number, on
each day on which it has events; where it came from is what the interface shows (last click).
(Columns: Google's "BigQuery Export schema", support.google.com/analytics/answer/7029846.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from echannel_connectors.errors import EChannelError, Refused, Unavailable, UnexpectedData
from echannel_connectors.google_login import bigquery_client, login, no_login
from echannel_connectors.per_process import per_process
from echannel_connectors.specs import Report
from echannel_connectors.streams import Receipt
from echannel_connectors.texts import say

SCOPE = "https://www.googleapis.com/auth/bigquery"
SECONDS = 600.0  # a query may take
DAY_TABLE = re.compile(r"events_(\d{4})(\d{2})(\d{2})")
# The session's channel group is in the export since 2024-10-10 (probabilistically.com/ga4-bigquery-channel-grouping).
KNOWS_CHANNELS = date(2024, 10, 11)
NOT_SET = "(not set)"
TOO_MUCH = "exceeded limit for bytes billed"  # BigQuery's words
SESSION = "IF(e.visitor IS NULL OR e.session_number IS NULL, NULL, ARRAY_TO_STRING([e.visitor, e.session_number], '/'))"
FIRST_VISIT = "e.event_name IN ('first_visit', 'first_open')"

# A value may sit in another typed field than expected.
PARAMETER = """(SELECT MAX(COALESCE(p.value.string_value, CAST(p.value.int_value AS STRING),
      CAST(p.value.double_value AS STRING), CAST(p.value.float_value AS STRING)))
    FROM UNNEST(t.event_params) AS p WHERE p.key = '{name}')"""
LAST_CLICK = "t.session_traffic_source_last_click.cross_channel_campaign"
EVENTS = f"""WITH events AS (
  SELECT
    t.event_date AS day, t.event_name, t.user_pseudo_id AS visitor,
    {PARAMETER.format(name="ga_session_id")} AS session_number,
    {PARAMETER.format(name="session_engaged")} = '1' AS is_engaged,
    {PARAMETER.format(name="currency")} AS currency,
    t.geo.country, t.device.category AS device,
    {LAST_CLICK}.source, {LAST_CLICK}.medium, {LAST_CLICK}.campaign_name AS campaign,
    {LAST_CLICK}.default_channel_group AS channel_group,
    t.ecommerce.transaction_id, t.ecommerce.purchase_revenue, t.ecommerce.refund_value, t.items
  FROM `{{table}}` AS t
  WHERE _TABLE_SUFFIX BETWEEN '{{first:%Y%m%d}}' AND '{{last:%Y%m%d}}'
)"""

DIMENSIONS: Mapping[str, str] = {
    "countryId": "e.country",  # its English name: the caller knows the codes
    "sessionDefaultChannelGroup": "e.channel_group",
    "sessionSourceMedium": "ARRAY_TO_STRING([e.source, e.medium], ' / ')",
    "sessionCampaignName": "e.campaign",
    "deviceCategory": "e.device",
    "transactionId": "e.transaction_id",
    "eventName": "e.event_name",
    "itemId": "i.item_id",
    "itemName": "i.item_name",
}


def _events(name: str) -> str:
    return f"SUM(IF(e.event_name = '{name}', 1, 0))"


def _units(name: str) -> str:
    return f"SUM(IF(e.event_name = '{name}', COALESCE(i.quantity, 1), 0))"


def _money(name: str, amount: str) -> str:
    """A sum of what Google keeps in binary: each amount is a decimal before they are added."""
    return f"SUM(IF(e.event_name = '{name}', CAST(ROUND(COALESCE({amount}, 0), 6) AS NUMERIC), 0))"


METRICS: Mapping[str, str] = {
    "sessions": f"COUNT(DISTINCT {SESSION})",
    "engagedSessions": f"COUNT(DISTINCT IF(e.is_engaged, {SESSION}, NULL))",
    "totalUsers": "COUNT(DISTINCT e.visitor)",
    "newUsers": f"COUNT(DISTINCT IF({FIRST_VISIT}, e.visitor, NULL))",
    "itemViewEvents": _events("view_item"),
    "addToCarts": _events("add_to_cart"),
    "checkouts": _events("begin_checkout"),
    "ecommercePurchases": _events("purchase"),
    "grossPurchaseRevenue": _money("purchase", "e.purchase_revenue"),
    "refundAmount": _money("refund", "e.refund_value"),
    "itemsViewed": _units("view_item"),
    "itemsAddedToCart": _units("add_to_cart"),
    "itemsCheckedOut": _units("begin_checkout"),
    "itemsPurchased": _units("purchase"),
    "grossItemRevenue": _money("purchase", "i.item_revenue"),
}


def tells(report: Report) -> bool:
    """Whether the export knows every field of a report."""
    return {*report.dimensions, *report.where} <= set(DIMENSIONS) and set(report.metrics) <= set(METRICS)


def report_sql(report: Report, table: str, first: date, last: date) -> str:
    """A report over the days from `first` to `last`, in BigQuery's SQL. One row per day (those of a week or month are
    one row), its dimensions and currency (`@currency` where an event names none), as the API gives it: without the rows
    in which nothing was counted."""
    day = "PARSE_DATE('%Y%m%d', e.day)" if report.grain == "day" else f"DATE '{first}'"
    names = [f"COALESCE(NULLIF({DIMENSIONS[name]}, ''), '{NOT_SET}') AS {name}" for name in report.dimensions]
    counts = [f"{METRICS[name]} AS {name}" for name in report.metrics]
    has_money = "money" in report.metrics.values()
    currency = "COALESCE(e.currency, @currency)" if has_money else "@currency"
    relation = "events AS e" + (", UNNEST(e.items) AS i" if "i." in "".join([*names, *counts]) else "")
    where = [f"{DIMENSIONS[name]} = '{value}'" for name, value in report.where.items()]
    return "\n".join(
        [
            EVENTS.format(table=table, first=first, last=last),
            f"SELECT {', '.join([f'{day} AS day', f'{currency} AS currency', *names, *counts])}",
            f"FROM {relation}",
            *([f"WHERE {' AND '.join(where)}"] if where else []),
            f"GROUP BY {', '.join(str(n + 1) for n in range(2 + len(names)))}",
            f"HAVING {' OR '.join(f'{name} <> 0' for name in report.metrics)}",
        ]
    )


@dataclass(slots=True)
class _Known:
    """What is there of one property: its days."""

    days: frozenset[date] = frozenset()

    @property
    def first(self) -> date | None:
        """The first day that is surely whole and says where visits came from: the table of the very first day begins
        when the export was switched on."""
        return max(min(self.days) + timedelta(days=1), KNOWS_CHANNELS) if self.days else None


@dataclass
class Export:
    """The datasets `analytics_<property>` of one project."""

    project: str
    credentials: str
    currency: str
    endpoint: str = ""
    max_bytes: int | None = None  # that its queries may be billed, all together
    billed: int = 0
    receipt: Receipt = field(default_factory=Receipt)
    _known: dict[str, _Known] = field(default_factory=dict)

    def first(self, number: str) -> date | None:
        """The first day that is taken from here; None where there is none yet."""
        return self._of(number).first

    def last(self, number: str) -> date | None:
        return max(self._of(number).days, default=None)

    def holds(self, number: str, first: date, last: date) -> bool:
        """Whether all of these days are there."""
        begin = self.first(number)
        if begin is None or first < begin:
            return False
        days = self._of(number).days
        return all(first + timedelta(days=n) in days for n in range((last - first).days + 1))

    def rows(self, number: str, report: Report, first: date, last: date) -> Iterator[dict[str, Any]]:
        """The rows of a report over these days, by the API's names; values as text, countries by name."""
        library = bigquery_client()

        config = library.QueryJobConfig(
            query_parameters=[library.ScalarQueryParameter("currency", "STRING", self.currency)],
            labels={"made_by": "echannel"},
        )
        if self.max_bytes is not None:
            config.maximum_bytes_billed = max(self.max_bytes - self.billed, 0)
        sql = report_sql(report, f"{self._dataset(number)}.events_*", first, last)
        self.receipt.requests += 1
        with self._clear_errors(number):
            job = self._client.query(sql, job_config=config)
            rows = job.result(timeout=SECONDS)
            self.billed += int(job.total_bytes_billed or 0)
            for row in rows:
                yield {name: str(value) for name, value in row.items() if value is not None}

    def close(self) -> None:
        if "_client" in self.__dict__:
            self.__dict__.pop("_client").close()

    def _of(self, number: str) -> _Known:
        if number not in self._known:
            self._known[number] = _Known(frozenset(self._days(number)))
        return self._known[number]

    def _days(self, number: str) -> Iterator[date]:
        from google.api_core.exceptions import NotFound

        self.receipt.requests += 1
        try:
            with self._clear_errors(number):
                for table in self._client.list_tables(self._dataset(number)):
                    if match := DAY_TABLE.fullmatch(table.table_id):
                        yield date(*map(int, match.groups()))
        except EChannelError as error:
            if not isinstance(error.__cause__, NotFound):  # Google makes the dataset with the first day
                raise

    def _dataset(self, number: str) -> str:
        return f"{self.project}.analytics_{number}"

    @per_process
    def _client(self) -> Any:  # bigquery.Client
        options = {"client_options": {"api_endpoint": self.endpoint}} if self.endpoint else {}
        who = login(self.credentials, SCOPE, self.endpoint)
        return bigquery_client().Client(project=self.project, credentials=who, **options)

    @contextmanager
    def _clear_errors(self, number: str) -> Iterator[None]:
        """Google's refusals with the way out."""
        import requests
        from google.api_core.exceptions import Forbidden, GoogleAPICallError, RetryError
        from google.auth.exceptions import GoogleAuthError

        try:
            yield
        except Forbidden as error:
            raise Refused(
                say(
                    "this account may not read the export ({dataset}): {problem}",
                    dataset=self._dataset(number),
                    problem=_first_line(error),
                ),
                hint=say("give it the roles BigQuery Data Viewer on the dataset and BigQuery Job User on the project"),
            ) from error
        except GoogleAPICallError as error:
            if TOO_MUCH in str(error):
                sizes = {"most": (self.max_bytes or 0) / 2**20, "used": self.billed / 2**20}
                raise Refused(
                    say(
                        "the queries over the export would cost more than {most:,.0f} MiB (export_max_bytes), of which "
                        "{used:,.0f} are used",
                        **sizes,
                    ),
                    hint=say("raise export_max_bytes, or set `start` later; what was read is kept"),
                ) from error
            kind = Unavailable if (error.code or 500) >= 500 else UnexpectedData
            raise kind(
                say("BigQuery answered {status}: {problem}", status=error.code or 500, problem=_first_line(error))
            ) from error
        except GoogleAuthError as error:
            raise no_login(error) from error
        except (RetryError, requests.RequestException, ConnectionError, TimeoutError) as error:
            raise Unavailable(say("BigQuery does not answer: {problem}", problem=type(error).__name__)) from error


def runs_of(days: Sequence[tuple[date, date]]) -> Iterator[tuple[date, date]]:
    """Days that follow each other as one stretch: one query."""
    begin = end = None
    for first, last in days:
        if end is not None and first == end + timedelta(days=1):
            end = last
            continue
        if begin is not None and end is not None:
            yield begin, end
        begin, end = first, last
    if begin is not None and end is not None:
        yield begin, end


def _first_line(error: Exception) -> str:
    return str(getattr(error, "message", None) or error).strip().splitlines()[0][:200]
