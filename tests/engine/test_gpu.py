"""What only a GPU can show (`make gpu`): cuBLAS in a captured graph, random numbers of the real kernels."""

from __future__ import annotations

import numpy as np
import pytest
from strict import real, strict_backend

from pipeline.engine import Graph, Program, capture, cuda_random, gradient, ops
from pipeline.engine.passes import ALL
from pipeline.engine.random import generator, key

pytestmark = pytest.mark.skipif(not real, reason="needs a GPU")


def descent():
    """A program that moves w against the gradient of the squares of x·w."""
    graph = Graph("float32")
    w, x = graph.input("w", (6, 5)), graph.input("x", (4, 6))
    (g,) = gradient(ops.sum(ops.square(x @ w)), [w])
    return Program(graph, {}, {"w": w - 0.01 * g})


def test_a_graph_that_holds_products_goes_on_as_the_calls_would(caplog):
    backend, found = strict_backend(), []
    for wrapped in (False, True):
        executor = descent().bind(3, ["w"], backend, ALL)
        executor.inputs["w"][...] = backend.from_host(np.ones((3, 6, 5), "float32"))
        executor.inputs["x"][...] = backend.from_host(np.eye(4, 6, dtype="float32"))
        run = capture.replayed(executor) if wrapped else executor.run
        for _ in range(5):
            run()
        found.append(backend.to_host(executor.inputs["w"]))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-6)
    assert not caplog.records  # captured, that is


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_uniform_numbers_are_those_of_numpy_to_the_last_bit(dtype):
    backend, expected = strict_backend(), np.empty(1001, dtype)
    generator(5, "a").random(dtype=dtype, out=expected)
    out = backend.xp.zeros(1001, dtype)
    fill = cuda_random.draw(backend.xp, "uniform", out, backend.from_host(np.zeros(1, np.int64)))
    fill(backend.from_host(key(5, "a")[None]))
    assert backend.to_host(out).tobytes() == expected.tobytes()
