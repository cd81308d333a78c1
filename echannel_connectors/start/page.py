"""The assistant's page: its frame, its assets, and its words in both languages."""

from __future__ import annotations

import json
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

import yaml

from echannel_connectors.looker.preview.page import asset as preview_asset
from echannel_connectors.models.company import CURRENCIES

if TYPE_CHECKING:
    from echannel_connectors.start.assistant import Assistant

SCRIPTS = ("dom.js", "fields.js", "screens.js", "afterwards.js", "start.js")
KINDS = {
    "start.css": "text/css; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    **dict.fromkeys(SCRIPTS, "text/javascript; charset=utf-8"),
}
# Where companies are that are likely to use it: the time zone of most of the country, and its currency.
COUNTRIES = {
    "FR": ("Europe/Paris", "EUR"), "BE": ("Europe/Brussels", "EUR"), "CH": ("Europe/Zurich", "CHF"),
    "LU": ("Europe/Luxembourg", "EUR"), "MC": ("Europe/Monaco", "EUR"), "GB": ("Europe/London", "GBP"),
    "IE": ("Europe/Dublin", "EUR"), "DE": ("Europe/Berlin", "EUR"), "AT": ("Europe/Vienna", "EUR"),
    "NL": ("Europe/Amsterdam", "EUR"), "ES": ("Europe/Madrid", "EUR"), "PT": ("Europe/Lisbon", "EUR"),
    "IT": ("Europe/Rome", "EUR"), "GR": ("Europe/Athens", "EUR"), "PL": ("Europe/Warsaw", "PLN"),
    "CZ": ("Europe/Prague", "CZK"), "HU": ("Europe/Budapest", "HUF"), "RO": ("Europe/Bucharest", "RON"),
    "DK": ("Europe/Copenhagen", "DKK"), "SE": ("Europe/Stockholm", "SEK"), "NO": ("Europe/Oslo", "NOK"),
    "FI": ("Europe/Helsinki", "EUR"), "CA": ("America/Toronto", "CAD"), "US": ("America/New_York", "USD"),
    "AU": ("Australia/Sydney", "AUD"), "MA": ("Africa/Casablanca", "MAD"), "TN": ("Africa/Tunis", "TND"),
    "SN": ("Africa/Dakar", "XOF"), "CI": ("Africa/Abidjan", "XOF"), "RE": ("Indian/Reunion", "EUR"),
}  # fmt: skip


def file(path: str, assistant: Assistant) -> tuple[str, bytes] | None:
    """Content type and body of what the page is made of; None where there is nothing under this path."""
    if path == "":
        return "text/html; charset=utf-8", frame(assistant).encode()
    if path == "page.css":
        return KINDS[path], preview_asset(path).encode()
    return (KINDS[path], asset(path).encode()) if path in KINDS else None


def asset(name: str) -> str:
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8")


@cache
def words() -> dict[str, dict[str, str]]:
    """What the page says: {name: {en, fr}}; {…} are filled in by the page."""
    text = files(__package__).joinpath("words.yaml").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = yaml.safe_load(text)
    return found


def frame(assistant: Assistant) -> str:
    """The page with what never changes while it is open."""
    known: dict[str, Any] = {
        "words": words(),
        "countries": COUNTRIES,
        "currencies": sorted(CURRENCIES),
        "zones": sorted(
            zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/"))
        ),
        **assistant.known(),
    }
    scripts = "\n".join(f'<script src="{name}" defer></script>' for name in SCRIPTS)
    # "<" could end the script element from within a spec's own words.
    data = json.dumps(known, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    page = asset("start.html").replace("{language}", assistant.language).replace("{scripts}", scripts)
    before, _, after = page.partition("{known}")
    return before + data + after


def problem_page(sentence: str, hint: str, language: str) -> str:
    """What a tab shows that could not show what it was opened for."""
    told = words()
    style = "body{font:17px/1.5 system-ui,sans-serif;max-width:640px;margin:12vh auto;padding:0 24px;color:#202124}"
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{escape(told['not_shown'][language])}</title><style>{style}</style></head><body>"
        f"<h1>{escape(told['not_shown'][language])}</h1><p>{escape(sentence)}</p><p>{escape(hint)}</p></body></html>\n"
    )
