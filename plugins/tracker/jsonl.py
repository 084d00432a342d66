"""A file of events, one JSON object a line."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from pipeline import UserError, tracker


@tracker
def jsonl(event, *, path: str = "events.jsonl"):
    """Append each event to a file as one line: name, run, node, trials, at (s) and what belongs to the name.

    NaN and infinite numbers are written as null.
    """
    record = {name: getattr(event, name) for name in ("name", "run", "node", "trials", "at")}
    line = json.dumps(_plain({**record, "data": event.data}), allow_nan=False)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise UserError(
            f"tracker.jsonl cannot write {path}: {error.strerror}\n    give another `path`"
        ) from error


def _plain(value):
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):  # NumPy's arrays and numbers
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, type(None))) else str(value)
