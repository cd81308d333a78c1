"""What `make schemas` writes: the JSON schemas of all files that people write, and the pages about the marts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from echannel_connectors.looker.template import template_schema
from echannel_connectors.models.core import TABLES, WORDS, CoreTable
from echannel_connectors.models.pages import page
from echannel_connectors.project import ProjectFile
from echannel_connectors.review.check import SHIPPED, CheckFile
from echannel_connectors.review.docs import PAGES, with_tables
from echannel_connectors.review.history import COLUMNS
from echannel_connectors.specs import EXTRA_NAME, RESERVED, Spec, shipped
from echannel_connectors.specs.meanings import meaning

OTHERS = {"mart.review": COLUMNS}  # what is written by no SQL of the marts


def schemas() -> dict[Path, dict[str, Any]]:
    """Each published file and what it has to hold."""
    folder = shipped("connector_specs")
    return {
        folder / "spec.schema.json": spec_schema(),
        folder / "echannel.schema.json": ProjectFile.model_json_schema(by_alias=True),
        folder.parent / "looker_templates" / "template.schema.json": template_schema(),
        SHIPPED / "checks.schema.json": CheckFile.model_json_schema(by_alias=True),
    }


def pages() -> dict[Path, str]:
    """The docs' pages that are made from the marts and the checks, and what each has to hold."""
    docs = shipped("connector_specs").parent / "docs"
    tables = {"tables.md": page("en", OTHERS), "tables.fr.md": page("fr", OTHERS)}
    reviews = {
        name: with_tables((docs / name).read_text(encoding="utf-8"), language) for name, language in PAGES.items()
    }
    return {docs / name: text for name, text in {**tables, **reviews}.items()}


def spec_schema() -> dict[str, Any]:
    """The schema of a spec, which knows the core tables and their columns as well, so that an editor completes them."""
    schema = Spec.model_json_schema(by_alias=True)
    schema["properties"]["tables"] |= {
        "properties": {name: _table_schema(table) for name, table in TABLES.items()},
        "additionalProperties": False,
    }
    return schema


def _table_schema(table: CoreTable) -> dict[str, Any]:
    types = {**table.types, "email": "text, hashed before it is stored", "_deleted_at": "moment"}
    described = {}
    for column, word in types.items():
        words = WORDS.get((table.name, column))
        said = f"{word}: {', '.join(words)}" if words else word
        described[column] = {"description": "; ".join(filter(None, (said, meaning(table.name, column))))}
    known = {"properties": described, "propertyNames": {"enum": list(described)}}
    own = {"propertyNames": {"pattern": f"^{EXTRA_NAME.pattern}$", "not": {"enum": sorted({*types, *RESERVED})}}}
    return {
        "$ref": "#/$defs/Table",
        "description": f"Key: {', '.join(table.key)}",
        "properties": {"columns": known, "maps": known, "extra": own},
    }


def text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for file, schema in schemas().items():
        file.write_text(text(schema), encoding="utf-8")
    for file, written in pages().items():
        file.write_text(written, encoding="utf-8")
