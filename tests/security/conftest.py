"""Fixtures of the tests with hostile files."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.running.store import Store

KEY = "ab" * 16
LIMITED = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
from pipeline.errors import PlaitError
try:
    {code}
except PlaitError as error:
    print(type(error).__name__, str(error).splitlines()[0])
else:
    print("nothing")
"""


@pytest.fixture
def store(tmp_path):
    """A store with one object."""
    store = Store(tmp_path / "store")
    store.put(KEY, {"a": 1}, {"w": np.arange(9.0)})
    return store


@pytest.fixture
def home(store):
    """The directory of the store's one object."""
    return store.root / "objects" / KEY[:2] / KEY


@pytest.fixture
def limited():
    """Run a statement in a process of 4 GiB and 60 s; return what PlaitError it ended with."""

    def run(code: str) -> str:
        command = [sys.executable, "-W", "error", "-c", LIMITED.format(code=code)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def seal(home: Path, file: bytes | None = None, /, **parts: object) -> None:
    """Write an object with right checksums around anything."""
    about = None
    if file is not None:
        (home / "arrays.safetensors").write_bytes(file)
        about = {"sha256": hashlib.sha256(file).hexdigest()}
    record = {"format": 1, "key": KEY, "arrays": about, "json": 0, "components": {}, **parts}
    body = json.dumps(record).encode()[1:]
    checksum = hashlib.sha256(body).hexdigest().encode()
    (home / "object.json").write_bytes(b'{"checksum":"' + checksum + b'",\n' + body)
