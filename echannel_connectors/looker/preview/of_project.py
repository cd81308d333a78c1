"""A report on the figures of a project: what the command line and the assistant show."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from echannel_connectors.looker.preview.figures import Ask, Report
from echannel_connectors.looker.preview.server import serve_preview
from echannel_connectors.looker.preview.static import write_static
from echannel_connectors.looker.template import find_template
from echannel_connectors.project import Project


@dataclass(frozen=True, slots=True)
class Shown:
    """A template with the figures of a project."""

    template: str
    query: Ask
    company: dict[str, str]
    project: Path
    reading: Callable[[], AbstractContextManager[None]]

    def serve(self, port: int = 0) -> AbstractContextManager[str]:
        """Its address on this machine, until the block ends."""
        return serve_preview(
            self.query, template=self.template, company=self.company, port=port, project=self.project,
            reading=self.reading,
        )  # fmt: skip

    def write(self, path: Path) -> Path:
        """One offline page."""
        return write_static(self.query, path, template=self.template, company=self.company, project=self.project)

    def report(self) -> Report:
        return Report(self.query, find_template(self.template, self.project), self.company)


def shown(found: Project, template: str) -> Shown:
    warehouse = found.warehouse()
    company = found.company.model_dump(include={"name", "currency", "language", "time_zone"})
    reading = getattr(warehouse, "reading", nullcontext)
    return Shown(template, lambda sql, values: warehouse.query(sql, values).read_all(), company, found.folder, reading)
