"""On a GPU: the engine's suite, the demo, and the steps of benchmarks/step.py, against the processor."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.process import seconds

DEMO_LIMIT_SECONDS = 20.0
SUITE = ("tests/engine", "tests/test_contracts.py")


def works() -> dict[str, dict[str, object]]:
    """Return what was measured, nothing where there is no GPU; a failing suite ends the command."""
    device = _device()
    if not device:
        print(
            "There is no GPU here that CuPy can use: nothing was run and nothing measured.", file=sys.stderr
        )
        return {}
    suite = seconds(["-m", "pytest", "-q", *SUITE], PLAIT_TEST_BACKEND="cupy")
    return {
        f"engine suite on {device}": {"seconds": suite, "limit_seconds": None, "peers": {}},
        f"demo on {device}": _demo(),
        **_steps(device),
    }


def _device() -> str:
    try:
        import cupy

        return str(cupy.cuda.runtime.getDeviceProperties(0)["name"].decode())
    except Exception:  # whatever keeps CuPy from its device, there is nothing to measure then
        return ""


def _demo() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", "pipeline", "run", "dags/digits.yaml", "--json", "--backend"]
        on_gpu, on_processor = (
            seconds([*command, backend], PLAIT_STORE=str(Path(folder) / backend))
            for backend in ("cupy", "numpy")
        )
    return {"seconds": on_gpu, "limit_seconds": DEMO_LIMIT_SECONDS, "peers": {"numpy": on_processor}}


def _steps(device: str) -> dict[str, dict[str, object]]:
    import cupy

    from benchmarks.step import TABLE, step_seconds

    found = {}
    for members, hidden, batch in TABLE:
        on_gpu = step_seconds(members, hidden, batch, "cupy", cupy.cuda.Device().synchronize)
        on_processor = step_seconds(members, hidden, batch, "numpy", lambda: None)
        name = f"{members} members, {list(hidden)}, batch {batch} on {device}"
        found[name] = {"seconds": on_gpu, "limit_seconds": None, "peers": {"numpy": on_processor}}
    return found
