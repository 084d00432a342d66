"""JSON Schema in words: what an option allows and what it is when left out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_BOUNDS = {
    "exclusiveMinimum": "> {}",
    "minimum": ">= {}",
    "exclusiveMaximum": "< {}",
    "maximum": "<= {}",
}
_NAMES = {
    "number": "number",
    "integer": "whole number",
    "string": "text",
    "boolean": "true or false",
    "null": "null",
}


def allowed_values(schema: Mapping[str, Any]) -> str:
    """Return "number > 0", "'relu' or 'tanh'", "list of whole numbers >= 1" for a schema."""
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " or ".join(json.dumps(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return _list(schema)
    if schema.get("type") == "object":
        return "mapping"
    if "anyOf" in schema:
        return ", or ".join(dict.fromkeys(allowed_values(choice) for choice in schema["anyOf"]))
    return " ".join([_NAMES.get(str(schema.get("type")), "anything"), *_bounds(schema)])


def default_value(schema: Mapping[str, Any]) -> str:
    """Return the default as one would write it in a DAG file; "" where plait fills it."""
    return json.dumps(schema["default"]) if "default" in schema else "from the data"


def _list(schema: Mapping[str, Any]) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(allowed_values(item) for item in schema['prefixItems'])}]"
    items = schema.get("items")
    sizes = [f"at least {schema['minItems']}"] if schema.get("minItems") else []
    of = allowed_values(items) if isinstance(items, Mapping) else "anything"
    return " ".join(["list of", *sizes, f"({of})" if " or " in of else of])


def _bounds(schema: Mapping[str, Any]) -> list[str]:
    found = [words.format(f"{schema[key]:g}") for key, words in _BOUNDS.items() if key in schema]
    return [" and ".join(found)] if found else []
