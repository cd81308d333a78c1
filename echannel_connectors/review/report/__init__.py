"""A review as a report that a company and its coach go through in twenty minutes: HTML, Markdown and CSV."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from echannel_connectors.errors import DestinationError, because
from echannel_connectors.review import Review
from echannel_connectors.review.report.page import page
from echannel_connectors.review.report.plain import as_csv, as_markdown
from echannel_connectors.texts import say

__all__ = ["as_csv", "as_markdown", "page", "write_files", "write_report"]


def write_report(review: Review, folder: Path, *, since_last: bool = False) -> list[Path]:
    """Write the three files, named by the day of the review; the page comes first."""
    day = review.today.isoformat()
    texts = {
        f"{day}.html": page(review, since_last=since_last),
        f"{day}.md": as_markdown(review, since_last=since_last),
        f"{day}.csv": as_csv(review),
    }
    return write_files(texts, folder)


def write_files(texts: Mapping[str, str], folder: Path) -> list[Path]:
    """Write texts under their names. Raises DestinationError where that cannot be done."""
    files = [folder / name for name in texts]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in zip(files, texts.values(), strict=True):
            file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        sentence = say("the report cannot be written to {folder}: {problem}", folder=folder, problem=because(error))
        raise DestinationError(sentence, hint=say("choose another folder with --report")) from error
    return files
