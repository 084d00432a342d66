"""Importing one plugin: its stages, or where and why it failed."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from pipeline.hooks import KINDS
from pipeline.stages.discovery import LOCAL, Source, source_file
from pipeline.stages.options import RegistrationError
from pipeline.stages.stage import Stage

Register = Callable[[ModuleType, str], list[Callable[..., Any]]]


@dataclass(frozen=True)
class BrokenPlugin:
    """A plugin that could not be loaded: whose it is, what failed and where.

    `file` is "" and `line` 0 where the failure has no place, as for a module that is not there.
    """

    distribution: str
    version: str
    entry_point: str
    module: str
    error: str
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        owner = self.distribution if self.distribution == LOCAL else f"{self.distribution} {self.version}"
        place = ":".join(str(part) for part in (self.file, self.line) if part)
        return f"{owner} (entry point {self.entry_point}): {place}{': ' if place else ''}{self.error}"


class Failure(Exception):
    """Carries the account of a plugin that could not be loaded."""

    def __init__(self, plugin: BrokenPlugin):
        self.plugin = plugin
        super().__init__(str(plugin))


def load(source: Source, register: Register) -> list[Stage]:
    """Import `source` and return the stages it offers; raise Failure for whatever goes wrong in it.

    `register` takes the module and a label, and returns the module's functions that are stages.
    """
    try:
        functions = register(_import(source), source.label)
        stages = [Stage.of(function, source.distribution, source.version) for function in functions]
        return _offered(stages, source)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # A plugin may raise anything at import, SystemExit too; none of it may stop the others.
        raise Failure(_account(error, source)) from error


def _import(source: Source) -> ModuleType:
    if source.distribution == LOCAL:
        return _import_file(source)
    module = import_module(source.module)
    if source.path is not None and Path(module.__file__ or "").resolve() != source.path.resolve():
        raise RegistrationError(
            f"another package called 'plugins' stands before plait's own: {module.__file__}; "
            "rename it, or start from another directory"
        )
    return module


class _Uncached(SourceFileLoader):
    """Compiles a local file at each import: no stale bytecode, no __pycache__ beside a user's files."""

    source = b""

    def get_code(self, fullname: str) -> CodeType:
        self.source = self.get_data(self.path)
        return self.source_to_code(self.source, self.path)


def _import_file(source: Source) -> ModuleType:
    path, known = Path(source.path or ""), sys.modules.get(source.module)
    # A file that was edited in a notebook's lifetime is imported anew: its stages' keys have changed too.
    if known is not None and getattr(known.__loader__, "source", b"") == path.read_bytes():
        return known
    loader = _Uncached(source.module, str(path))
    spec: Any = spec_from_file_location(source.module, path, loader=loader)
    module = sys.modules[source.module] = module_from_spec(spec)
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[source.module]
        raise
    return module


def _offered(stages: list[Stage], source: Source) -> list[Stage]:
    """Keep what the entry point names: its one stage, its one function, or all of the module's."""
    if source.promised:
        stages = [stage for stage in stages if stage.ref in source.claims]
    if source.attribute:
        stages = [stage for stage in stages if stage.function.__name__ == source.attribute]
    if not stages:
        wanted = source.claims[0] if source.promised else source.attribute or "stage"
        raise RegistrationError(
            f"the module {source.module} defines no {wanted}; decorate a function of it with one of "
            f"{', '.join(KINDS)}"
        )
    return stages


def _account(error: BaseException, source: Source) -> BrokenPlugin:
    file, line = _place(error, source)
    words = str(error) if isinstance(error, RegistrationError) else _words(error)
    owner = (source.distribution, source.version, source.entry_point, source.module)
    return BrokenPlugin(*owner, words, file, line)


def _words(error: BaseException) -> str:
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {message}".strip().removesuffix(":").splitlines()[0]


def _place(error: BaseException, source: Source) -> tuple[str, int]:
    """Find the plugin's line that failed; where none of its own is involved, the last one."""
    if isinstance(error, RegistrationError):
        return error.file, error.line
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno or 0
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    home = source.path or source_file(source.module.partition(".")[0])
    folder = home.parent if home is not None and home.name == "__init__.py" else home
    own = [place for place in frames if folder is not None and Path(place[0]).is_relative_to(folder)]
    return own[-1] if own else ("", 0)
