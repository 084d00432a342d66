"""Secrets in a cluster's kwargs: `${NAME}` stands for a variable of the environment.

Only the name is in the file, the plan and the record; the value is read when the cluster is started, and is
taken out of whatever the cluster says went wrong.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pipeline.errors import UserError

_NAMED = re.compile(r"\$(\$\{)|\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def resolved(kwargs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return kwargs with the variables' values, at any depth, and the values by name.

    `$${NAME}` becomes `${NAME}`, for a shell that runs elsewhere.  UserError for variables that are not set.
    """
    names = sorted(_names(kwargs))
    if missing := [name for name in names if name not in os.environ]:
        raise UserError(
            f"the cluster's kwargs name ${{{missing[0]}}}, and the environment has no such variable\n"
            f"    set it where plait is started: export {' '.join(f'{name}=...' for name in missing)}\n"
            f"    write $${{{missing[0]}}} for the text ${{{missing[0]}}} itself"
        )
    values = {name: os.environ[name] for name in names}
    return {key: _filled(value, values) for key, value in kwargs.items()}, values


def hidden(text: str, secrets: Mapping[str, str]) -> str:
    """Return a text with each secret's name in the place of its value, also where that is quoted."""
    for name, value in sorted(secrets.items(), key=lambda item: -len(item[1])):
        for form in (value, repr(value)[1:-1], quote(value, safe="")):
            text = text.replace(form, f"${{{name}}}") if value else text
    return text


def _names(value: Any) -> set[str]:
    if isinstance(value, str):
        return {found[2] for found in _NAMED.finditer(value) if found[2]}
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return {name for item in items for name in _names(item)}


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _NAMED.sub(lambda found: values[found[2]] if found[2] else found[1], value)
    if isinstance(value, Mapping):
        return {key: _filled(item, values) for key, item in value.items()}
    return [_filled(item, values) for item in value] if isinstance(value, list | tuple) else value
