"""The preview as one file that needs no server and no network: for an e-mail, an archive, a meeting without Wi-Fi."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from echannel_connectors.days import shift_months
from echannel_connectors.errors import SettingsError, because
from echannel_connectors.looker.preview import page
from echannel_connectors.looker.preview.cubes import cube_columns, cube_query, cubes_of
from echannel_connectors.looker.preview.figures import (
    Ask,
    Report,
    as_of,
    control_values,
    days_of,
    json_value,
    last_day,
    missing,
    newest_of,
)
from echannel_connectors.looker.template import find_template
from echannel_connectors.texts import say

DATA_BYTES = 1_900_000  # with Vega's 0.9 MB the file stays under 3 MB: it passes every mail server
# Rows kept in long tables and months of history, from rich to poor: the first that fits is taken.
SIZES = ((1000, 24), (400, 24), (200, 24), (100, 24), (100, 13), (50, 13), (25, 6), (10, 3))
SCRIPTS = (*page.PARTS, "offline.js", "page.js")


def write_static(
    query: Ask,
    path: Path | str,
    *,
    template: str = "b2c-shop",
    company: Mapping[str, str] | None = None,
    project: Path | None = None,
) -> Path:
    """Write the report as it is now into one HTML file; date range and filters work in it."""
    report = Report(query, find_template(template, project), dict(company or {}))
    data, known = pack(report, report.today())
    file = Path(path)
    _replace(file, offline_page(report, data, known))
    return file


def pack(report: Report, today: date) -> tuple[str, dict[str, Any]]:  # JSON
    """The cubes, compressed, and what the page must know of them."""
    problems = missing(report)
    days = days_of(report, problems)
    newest = newest_of(days)
    end = last_day(newest, today)
    cubes, charts, totals = cubes_of(report.template)
    pages = {p.id: control_values(report, p, problems) for p in report.template.pages}
    known = {
        "charts": charts,
        "totals": totals,
        "parts": {
            cube.name: {part: report.template.sources[cube.source].fields[part].aggregation for part in cube.parts}
            for cube in cubes
        },
        "problems": problems,
        "controls": pages,
        "end": str(end),
        "firsts": {alias: str(span.first) for alias, span in days.items()},
        "newest": str(newest) if newest else None,
        "as_of": as_of(report, problems),
    }
    for keep, months in SIZES:
        since = shift_months(end.replace(day=1), 1 - months)
        found = {}
        for cube in cubes:
            if cube.source not in problems:
                asked = cube_query(report.template, cube, since, keep)
                found[cube.name] = cube_columns(cube, report.ask(asked.sql, list(asked.parameters)), json_value)
        text = json.dumps(found, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        # mtime=0: the same figures make the same file.
        data = base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
        if len(data) <= DATA_BYTES:
            return data, {**known, "since": str(since), "keep": keep}
    raise SettingsError(
        say("the figures are too many for one offline file"),
        hint=say("use the live preview: `echannel preview` without --static"),
    )


def offline_page(report: Report, data: str, known: dict[str, Any]) -> str:
    """One HTML text; its policy allows exactly these scripts and this style, and no request at all."""
    scripts = [_inline(page.vega_bundle()), *(_inline(page.asset(name)) for name in SCRIPTS)]
    style = page.asset("page.css")
    policy = (
        f"default-src 'none'; script-src {' '.join(map(_hash, scripts))}; style-src {_hash(style)}; img-src data:; "
        "connect-src 'none'; base-uri 'none'; form-action 'none'"
    )
    head = f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n<style>{style}</style>'
    cubes = f'<script type="application/octet-stream" id="cubes">{data}</script>\n'
    body = cubes + "\n".join(f"<script>{text}</script>" for text in scripts)
    return page.fill(head, body, page.setup(report, offline=known))


def _inline(script: str) -> str:
    # A script element ends at the first "</script", wherever it stands.
    return re.sub(r"</(?=script)", r"<\\/", script, flags=re.IGNORECASE)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _replace(file: Path, text: str) -> None:
    """All or nothing: a reader, or a file of yesterday, never meets a half-written page."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            Path(name).chmod(0o600)  # figures of a company: the owner decides who reads them
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SettingsError(
            say("cannot write {file}: {problem}", file=file, problem=because(error)), hint=say("choose another place")
        ) from error
