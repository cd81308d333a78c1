"""The JSON schemas that editors use for echannel.yaml and for specs; `make schemas` writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from echannel_connectors.project import ProjectFile
from echannel_connectors.specs import Spec, shipped


def schemas() -> dict[Path, dict[str, Any]]:
    """Each published file and what it has to hold."""
    folder = shipped("connector_specs")
    return {
        folder / "spec.schema.json": Spec.model_json_schema(by_alias=True),
        folder / "echannel.schema.json": ProjectFile.model_json_schema(by_alias=True),
    }


def text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for file, schema in schemas().items():
        file.write_text(text(schema), encoding="utf-8")
