"""The engine: trace, gradients, programs, executors.  It knows no stages."""

from __future__ import annotations

from pipeline.engine import ops
from pipeline.engine.backends import Backend, backend, numpy_backend
from pipeline.engine.executor import Executor
from pipeline.engine.gradients import gradient, jvp, vjp
from pipeline.engine.graph import Graph, Tensor
from pipeline.engine.program import Program

__all__ = [
    "Backend",
    "Executor",
    "Graph",
    "Program",
    "Tensor",
    "backend",
    "gradient",
    "jvp",
    "numpy_backend",
    "ops",
    "vjp",
]
