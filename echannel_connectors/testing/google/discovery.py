"""Requests checked against the API's own description, which ships inside google-api-python-client."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

# Discovery does not say that exactly one of their fields may be given.
UNIONS = ("Request", "ExtendedValue", "FilterExpression", "Filter", "OrderBy")
BESIDE = {"Filter": "fieldName", "OrderBy": "desc"}  # a field that may stand beside the one


@cache
def validator(document: str, schema: str) -> Any:  # jsonschema_rs's validator
    """What checks a body of this schema; unknown names, wrong types and unknown words of a list are refused."""
    import jsonschema_rs

    folder = resources.files("googleapiclient") / "discovery_cache" / "documents"
    schemas = json.loads((folder / f"{document}.json").read_text(encoding="utf-8"))["schemas"]
    defs = {name: _schema(found) for name, found in schemas.items()}
    for name in UNIONS:
        if name in defs:
            beside = BESIDE.get(name)
            defs[name] |= {"minProperties": 1 + (beside == "fieldName"), "maxProperties": 1 + (beside is not None)}
    return jsonschema_rs.validator_for({"$ref": f"#/$defs/{schema}", "$defs": defs})


def mistakes(body: Any, document: str, schema: str) -> list[str]:
    """What is wrong with a body, in the validator's words."""
    return [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}"[:300]
        for error in validator(document, schema).iter_errors(body)
    ]


def _schema(found: dict[str, Any]) -> dict[str, Any]:
    """A schema of Google's as a JSON schema."""
    if "$ref" in found:
        return {"$ref": f"#/$defs/{found['$ref']}"}
    kind = found.get("type")
    if kind == "any":
        return {}
    if kind == "array":
        return {"type": "array", "items": _schema(found["items"])}
    if kind == "object":
        made: dict[str, Any] = {"type": "object"}
        if "properties" in found:
            made |= {
                "properties": {name: _schema(one) for name, one in found["properties"].items()},
                "additionalProperties": False,
            }
        if "additionalProperties" in found:
            made["additionalProperties"] = _schema(found["additionalProperties"])
        return made
    if kind == "string" and found.get("format") in ("int64", "uint64"):
        return {"anyOf": [{"type": "string", "pattern": "^-?[0-9]+$"}, {"type": "integer"}]}
    if kind == "number":
        return {"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]}
    return {"type": kind, **({"enum": found["enum"]} if "enum" in found else {})}
