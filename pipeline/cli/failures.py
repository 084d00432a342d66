"""How a command ends when something is wrong: a plain message, the right exit code, never a traceback."""

from __future__ import annotations

import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import typer

from pipeline.errors import DagError, PlaitError

FAULT = 3


def guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what `command` raises into a message and an exit code; with `--json`, into an object too."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
            raise
        except PlaitError as error:
            message = str(error)
            _tell(message, _record(error, message), options)
            raise typer.Exit(error.exit_code) from None
        except Exception as fault:
            message = _fault(fault)
            _tell(message, _record(fault, message), options)
            raise typer.Exit(FAULT) from None

    return run


def _tell(message: str, record: dict[str, Any], options: dict[str, Any]) -> None:
    print(message, file=sys.stderr)
    if options.get("json"):
        from pipeline.cli.output import write_json

        write_json({"error": record})


def _record(error: Exception, message: str) -> dict[str, Any]:
    record: dict[str, Any] = {"type": type(error).__name__, "message": message}
    if isinstance(error, DagError):
        record["problems"] = [vars(problem) for problem in error.problems]
    return record


def _fault(fault: Exception) -> str:
    log = Path(tempfile.gettempdir()) / f"plait-fault-{time.strftime('%Y%m%d-%H%M%S')}-{id(fault):x}.log"
    first = str(fault).splitlines()[0] if str(fault) else ""
    said = f"plait: a fault of its own, {type(fault).__name__}: {first}"
    try:
        log.write_text("".join(traceback.format_exception(fault)))
    except OSError as error:
        return f"{said}\nIts traceback could not be written to {log}: {error.strerror}"
    return f"{said}\nThe whole traceback is in {log}"
