"""The page itself: its frame, its assets and the Vega bundle, put together for the server and for the offline file."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from importlib.resources import files
from types import ModuleType
from typing import Any, Literal

from echannel_connectors.errors import SettingsError
from echannel_connectors.looker.preview.figures import Report
from echannel_connectors.looker.preview.periods import PRESETS
from echannel_connectors.models.described import describe
from echannel_connectors.texts import say

PARTS = ("words.js", "format.js", "charts.js", "export.js", "parts.js", "about.js", "behind.js")
ASSETS = {
    "page.css": "text/css; charset=utf-8",
    **dict.fromkeys((*PARTS, "page.js"), "text/javascript; charset=utf-8"),
}
LIVE_SCRIPTS = ("vega.js", *PARTS, "page.js")
LANGUAGES: dict[str, Literal["en-GB", "fr-FR"]] = {"en": "en-GB", "fr": "fr-FR"}


def asset(name: str) -> str:
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8")


@cache
def vega_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, from an installed package (about 1.5 s), never from the web."""
    script = vega_package().javascript_bundle("window.vegaEmbed = vegaEmbed;")
    # In a block of its own, so that its hundreds of short names do not meet ours.
    return "{" + str(script) + "}"


def vega_package() -> ModuleType:
    try:
        import vl_convert
    except ImportError as error:
        raise SettingsError(
            say("the preview needs the package that holds Vega"), hint="pip install vl-convert-python"
        ) from error
    return vl_convert


def setup(report: Report, **more: Any) -> dict[str, Any]:  # JSON
    """What the page must know before any figure."""
    vega = vega_package()
    return {
        "template": report.template.model_dump(mode="json"),
        "company": {
            "name": report.company.get("name", ""),
            "currency": report.company.get("currency", "EUR"),
            "language": "fr" if report.company.get("language") == "fr" else "en",
            "time_zone": report.company.get("time_zone", "UTC"),
        },
        "columns": meanings(report),
        "presets": PRESETS,
        "locales": LANGUAGES,
        "number_formats": {word: vega.get_format_locale(code) for word, code in LANGUAGES.items()},
        "date_formats": {word: vega.get_time_format_locale(code) for word, code in LANGUAGES.items()},
        **more,
    }


def meanings(report: Report) -> dict[str, dict[str, dict[str, str]]]:
    """What the marts' columns behind the figures mean, in each language, as the models' own words say it."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for source in report.template.sources.values():
        for name, field in source.fields.items():
            column = field.column or name
            with suppress(KeyError):  # a company's own mart is not described
                said = {word: describe(source.mart, [column], word).columns[column] for word in LANGUAGES}
                found.setdefault(source.mart, {})[column] = said
    return found


def live_page(report: Report) -> str:
    """The page that asks this server for its figures."""
    scripts = "\n".join(f'<script src="{name}" defer></script>' for name in LIVE_SCRIPTS)
    return fill('<link rel="stylesheet" href="page.css">', scripts, setup(report))


def fill(head: str, scripts: str, known: dict[str, Any]) -> str:
    """The frame with its three holes filled."""
    language, title = known["company"]["language"], known["template"]["title"]
    page = asset("page.html").replace("{language}", language).replace("{title}", _escaped(title[language]))
    # "<" could end the script element from within a product's or a company's name.
    data = json.dumps(known, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    before, _, rest = page.partition("{head}")
    middle, _, after = rest.partition("{setup}")
    return before + head + middle + data + after.replace("{scripts}", scripts, 1)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
