"""The bytes of a DAG file: read up to a limit, and only as UTF-8."""

from __future__ import annotations

from pathlib import Path

from pipeline.dag.located import Located, Source
from pipeline.dag.problems import Problems

LARGEST = 250_000


def load(path: Path, problems: Problems) -> str:
    """Return the file's text; "", with the problem noted, if it cannot be read, is too large or not UTF-8."""
    source = Source(str(path))
    try:
        if path.is_dir():
            problems.add(Located(None, source), "this is a directory; a DAG file is needed")
            return ""
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problems.add(Located(None, source), f"the file cannot be read: {reason}")
        return ""
    if len(content) > LARGEST:
        problems.add(
            Located(None, source), f"the file is larger than {LARGEST:,} bytes, the most a DAG file may have"
        )
        return ""
    return _decode(content, source, problems)


def _decode(content: bytes, source: Source, problems: Problems) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1
        problems.add(
            Located(None, source, line, column),
            f"the byte 0x{content[error.start]:02x} is not UTF-8",
            hint="save the file as UTF-8",
        )
        return ""
