"""Each page of each template as a small picture, in both languages, over the demo company (`make pictures`)."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

from echannel_connectors.looker.preview import serve_preview
from echannel_connectors.looker.template import find_template, template_names
from tests.looker.browser import Watched, watched
from tests.looker.marts import query_of

ROOT = Path(__file__).resolve().parents[2]
COMPANY = {"name": "Atelier Breton", "currency": "EUR", "language": "en", "time_zone": "Europe/Paris"}
WIDE, HIGH = 1280, 1100  # of the page, at most: a picture shows how it begins
WIDTH = 800  # of the picture


def picture(template: str, page: str, language: str) -> Path:
    return ROOT / "looker_templates" / template / "pictures" / f"{page}.{language}.png"


def draw(context: Any, warehouse: Path) -> None:
    for name in template_names(ROOT):
        with serve_preview(query_of(warehouse), template=name, company=COMPANY) as address:
            for page in find_template(name, ROOT).pages:
                for language in ("en", "fr"):
                    with watched(context, width=WIDE) as seen:
                        seen.page.goto(f"{address}#page={page.id}&lang={language}")
                        seen.ready()
                        seen.page.wait_for_timeout(400)
                        save(picture(name, page.id, language), shot(context, seen))


def shot(context: Any, seen: Watched, width: int = WIDTH) -> bytes:
    """How the page begins, in this width."""
    height = min(HIGH, seen.page.evaluate("document.documentElement.scrollHeight"))
    clip = {"x": 0, "y": 0, "width": WIDE, "height": height, "scale": width / WIDE}
    asked = {"format": "png", "captureBeyondViewport": True, "clip": clip}
    return base64.b64decode(context.new_cdp_session(seen.page).send("Page.captureScreenshot", asked)["data"])


def save(file: Path, png: bytes) -> None:
    """With 128 colours, rare ones among them: a third of the size."""
    from PIL import Image

    file.parent.mkdir(exist_ok=True)
    with Image.open(io.BytesIO(png)) as found:
        small = found.convert("RGB").quantize(128, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
        small.save(file, optimize=True)
