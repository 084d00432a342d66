"""Runs captured as graphs, on a stand-in whose stream notes work down and refuses what CUDA refuses."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from strict import DEVICE, has_compiler, stand_in_only, strict, strict_backend, strict_cublas

from pipeline.engine import Graph, Program, capture, cublas, gradient, numpy_backend, ops
from pipeline.engine.passes import ALL

pytestmark = [
    stand_in_only,
    pytest.mark.skipif(not has_compiler, reason="no C compiler to run CUDA source with"),
]


@pytest.fixture(autouse=True)
def _unsaid():
    capture._say.cache_clear()


def step(backend, product=True):
    """Descent on the squares of w, or of x·w: a program that updates its input."""
    graph = Graph("float32")
    w, x = graph.input("w", (6, 5)), graph.input("x", (4, 6))
    y = x @ w if product else ops.tanh(w) * x[0, 0]
    loss = ops.sum(ops.square(y))
    (g,) = gradient(loss, [w])
    executor = Program(graph, {"loss": loss}, {"w": w - 0.01 * g}).bind(3, ["w"], backend, ALL)
    rng = np.random.default_rng(0)
    executor.inputs["w"][...] = backend.from_host(rng.normal(size=(3, 6, 5)).astype("float32"))
    return executor


def losses(executor, run):
    """The losses of five runs, each on an x of its own."""
    rng, found = np.random.default_rng(1), []
    for _ in range(5):
        x = executor.backend.from_host(rng.normal(size=(4, 6)).astype("float32"))
        executor.inputs["x"][...] = x
        run()
        found.append(np.array(executor.backend.to_host(executor.outputs["loss"])))
    return np.array(found)


def expected(product=True):
    executor = step(numpy_backend(), product)
    return losses(executor, capture.replayed(executor))


def calls_of(executor, monkeypatch):
    """Count how often an executor runs its calls one by one."""
    counted = []
    run = executor.run
    monkeypatch.setattr(executor, "run", lambda: (counted.append(DEVICE.capturing), run()))
    return counted


def test_a_captured_run_goes_on_as_the_calls_would(monkeypatch):
    executor = step(strict_backend(), product=False)
    counted = calls_of(executor, monkeypatch)
    np.testing.assert_allclose(losses(executor, capture.replayed(executor)), expected(False), rtol=1e-5)
    assert counted == [False, True]  # an ordinary run, then the one that is captured


def test_products_are_captured_where_cublas_is_found(monkeypatch):
    library = strict_cublas()
    monkeypatch.setattr(cublas, "library", lambda: library)
    executor = step(strict_backend())
    counted = calls_of(executor, monkeypatch)
    np.testing.assert_allclose(losses(executor, capture.replayed(executor)), expected(), rtol=1e-5)
    assert counted == [False, True]
    assert set(library.streams) == {strict.cuda.Stream.ptr}


def test_a_run_that_cannot_be_captured_goes_on_and_says_so_once(monkeypatch, caplog):
    def missing():
        raise OSError("no cuBLAS here")

    monkeypatch.setattr(cublas, "library", missing)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            executor = step(strict_backend())
            np.testing.assert_allclose(losses(executor, capture.replayed(executor)), expected(), rtol=1e-5)
    assert [record.getMessage() for record in caplog.records] == [
        "steps run kernel by kernel, not as one CUDA graph: OSError: no cuBLAS here"
    ]
    assert not DEVICE.capturing


def test_a_failure_of_cublas_in_a_capture_is_no_failure_of_the_run(monkeypatch, caplog):
    library = strict_cublas()
    library.cublasSetStream_v2 = lambda handle, stream: 7
    monkeypatch.setattr(cublas, "library", lambda: library)
    executor = step(strict_backend())
    np.testing.assert_allclose(losses(executor, capture.replayed(executor)), expected(), rtol=1e-5)
    assert "cuBLAS failed with status 7" in caplog.text


@pytest.mark.parametrize(
    ("work", "error", "said"),
    [
        (lambda: strict.zeros(3, "float32"), MemoryError, "allocates 12 bytes"),
        (lambda: strict.asarray(np.ones(3)), RuntimeError, "host copy"),
    ],
    ids=["allocates", "copies from the host"],
)
def test_what_must_not_be_captured_is_refused_and_the_stream_is_left(work, error, said):
    with pytest.raises(error, match=said):
        capture.captured(strict, work)
    assert not DEVICE.capturing
    assert strict.asnumpy(strict.zeros(2, "float32")).tolist() == [0.0, 0.0]


def test_numpy_runs_as_it_is():
    executor = step(numpy_backend())
    assert capture.replayed(executor) == executor.run
