import numpy as np
import pytest

from pipeline import ops
from pipeline.engine import Graph, Program, gradient, numpy_backend


@pytest.fixture(scope="session")
def traced():
    """Run `f(**arrays)` as a traced program: its value, and the gradients of Σ sin(value) to float arrays."""

    def run(f, dtype="float64", **arrays):
        graph = Graph(dtype)
        inputs = {name: graph.input(name, array.shape, array.dtype) for name, array in arrays.items()}
        value = f(**inputs)
        floats = [name for name, array in arrays.items() if array.dtype.kind == "f"]
        slopes = gradient(ops.sum(ops.sin(value)), [inputs[name] for name in floats])
        outputs = {"value": value, **dict(zip(floats, slopes, strict=True))}
        executor = Program(graph, outputs).bind(1, (), numpy_backend())
        for name, buffer in executor.inputs.items():
            buffer[...] = arrays[name]
        executor.run()
        results = {name: np.array(array) for name, array in executor.outputs.items()}
        return results.pop("value"), results

    return run
