"""Content keys: what a node instance's result depends on, and the hash of that.

The components of a key are JSON, kept with the result and in the record so that `plait why` can compare
them.  `shared` holds what all trials of a node have in common and is hashed once:

    {"shared": {"plait", "node", "stage": {...}, "parts": [{...}, ...], "dtype", "backend"},
     "options": {node: {option: value}}, "inputs": {port: [key, ...]}, "seed": int or null,
     "files": {path: sha256}}

A node's name is in its key, because it is what the node's random numbers are drawn by.  The seed is
left out where the kind gets no randomness.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pipeline
from pipeline.errors import OptionError
from pipeline.hooks import KINDS

if TYPE_CHECKING:
    from pipeline.running.code import CodeDigests
    from pipeline.stages.stage import Stage

_LENGTH = 32
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode


@dataclass(frozen=True)
class StageIdentity:
    """What a stage is in its node: `port` says where it is plugged into a train node, else it is ""."""

    node: str
    stage: str
    distribution: str
    version: str
    code: Mapping[str, str]
    port: str = ""

    @classmethod
    def of(cls, node: str, stage: Stage, digests: CodeDigests, port: str = "") -> StageIdentity:
        """Make the identity of a registered stage, with the digests of its code."""
        code = digests.of(stage.function)
        return cls(node, stage.ref, stage.distribution, stage.version, code, port)


class KeyMaker:
    """Makes the keys of all instances of one node."""

    def __init__(
        self, stage: StageIdentity, parts: Sequence[StageIdentity] = (), *, dtype: str, backend: str
    ):
        kind = stage.stage.partition(".")[0]
        self._random = kind in ("train", "ensemble") or "rng" in KINDS[kind].arguments
        self._reads_files = kind == "data"
        self._shared = {
            "plait": pipeline.__version__,
            "node": stage.node,
            "stage": asdict(stage),
            "parts": [asdict(part) for part in parts],
            "dtype": dtype,
            "backend": backend,
        }
        self._start = hashlib.sha256(_encode(self._shared).encode())
        self._digests: dict[str, str] = {}

    def components(
        self, options: Mapping[str, Mapping[str, Any]], inputs: Mapping[str, Sequence[str]], seed: int | None
    ) -> dict[str, Any]:
        """Return the components of one instance's key.

        `options` are complete and by node: the node's own and its parts'.  `inputs` are keys by port.
        """
        own = {"options": options, "inputs": inputs, "seed": seed if self._random else None}
        return {"shared": self._shared, **own, "files": self._files(options)}

    def key(
        self, options: Mapping[str, Mapping[str, Any]], inputs: Mapping[str, Sequence[str]], seed: int | None
    ) -> str:
        """Return `content_key(self.components(...))`, without hashing again what is shared."""
        return _finish(self._start, self.components(options, inputs, seed))

    def _files(self, options: Mapping[str, Any]) -> dict[str, str]:
        """Digest the files that a data stage's options name, each once: a changed file is other data."""
        if not self._reads_files:
            return {}
        named = [text for text in sorted(set(_texts(options))) if text in self._digests or _is_file(text)]
        self._digests |= {text: _file_digest(Path(text)) for text in named if text not in self._digests}
        return {text: self._digests[text] for text in named}


def components(
    stage: StageIdentity,
    options: Mapping[str, Mapping[str, Any]],
    inputs: Mapping[str, Sequence[str]],
    seed: int | None,
    dtype: str,
    backend: str,
    parts: Sequence[StageIdentity] = (),
) -> dict[str, Any]:
    """Return the components of one key; for many instances of one node a KeyMaker is faster."""
    return KeyMaker(stage, parts, dtype=dtype, backend=backend).components(options, inputs, seed)


def content_key(components: Mapping[str, Any]) -> str:
    """Return the key, 32 hex digits: a hash of the canonical JSON of the components.

    OptionError names an option that is NaN or -0.0: one does not equal itself, the other equals 0.0.
    """
    return _finish(hashlib.sha256(_encode(components["shared"]).encode()), components)


def _finish(start: Any, components: Mapping[str, Any]) -> str:
    own = {name: value for name, value in components.items() if name != "shared"}
    text = _encode(own)
    if "NaN" in text or "-0.0" in text:  # a cheap look that sees also what only resembles them
        _refuse(own["options"])
    state = start.copy()
    state.update(b"\n" + text.encode())
    return str(state.hexdigest()[:_LENGTH])


def _refuse(options: Any, name: str = "") -> None:
    if isinstance(options, Mapping):
        for inner, value in options.items():
            _refuse(value, f"{name}.{inner}".lstrip("."))
    elif isinstance(options, Sequence) and not isinstance(options, str):
        for value in options:
            _refuse(value, name)
    elif isinstance(options, float) and math.isnan(options):
        raise OptionError(f"option {name} is NaN, which equals nothing\n    give it a number")
    elif options == 0 and isinstance(options, float) and math.copysign(1, options) < 0:
        raise OptionError(f"option {name} is -0.0, which equals 0.0\n    write 0")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _texts(inner)


def _is_file(text: str) -> bool:
    try:
        return bool(text) and Path(text).is_file()
    except (OSError, ValueError):  # too long for a name, or with a zero byte: no file
        return False


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:  # the stage says what is wrong, when it reads the file itself
        return f"unreadable: {error.strerror}"
