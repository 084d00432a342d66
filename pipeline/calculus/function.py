"""A function written with `ops`, traced once: its values and derivatives at NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.calculus.derivatives import hessian_product
from pipeline.calculus.surface import WEIGHTS, Surface, Traced
from pipeline.engine import Executor, Graph, Program, Tensor, gradient, jvp, numpy_backend, ops, vjp
from pipeline.errors import ShapeError

Array = npt.NDArray[Any]
Point = Any  # an array, or a tuple of as many arrays as the function has arguments
ROWS = 64  # of a Jacobian or Hessian at once: a batched product, whose memory stays bounded


class Function:
    """`f` of as many arrays as there are `examples`, which give their shapes; computed in `dtype`.

    A point is an array, or a tuple of arrays where f takes several; gradients and tangents have its form.
    With `through=g` the function is f(g(x)), which has a Gauss-Newton matrix.  No derivative is traced,
    and no matrix formed, before it is asked for.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        *examples: npt.ArrayLike,
        dtype: npt.DTypeLike = "float64",
        through: Callable[..., Any] | None = None,
    ):
        self.dtype = np.dtype(dtype)
        self.shapes = [np.shape(example) for example in examples]
        self._f, self._through = f, through
        self._executors: dict[tuple[str, int], Executor] = {}
        self._graph = Graph(self.dtype)
        self._xs = [self._graph.input(f"x{i}", shape) for i, shape in enumerate(self.shapes)]
        self._y = self._trace(self._graph, *self._xs)[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """The value's shape."""
        return self._y.shape

    def __call__(self, *x: npt.ArrayLike) -> Any:
        """Return f(x): a float where it is a scalar, else an array of `shape`."""
        return self.value(x if len(self.shapes) > 1 else x[0])

    def value(self, x: Point) -> Any:
        """Return the value at `x`: a float where it is a scalar, else an array of `shape`."""
        found = self._run("value", x)["y"][0]
        return float(found) if self.shape == () else found

    def gradient(self, x: Point) -> Point:
        """Return the gradient at `x`, in its form.  ShapeError unless the value is a scalar."""
        self._scalar("gradient")
        return self._point(self._run("gradient", x))

    def jvp(self, x: Point, tangent: Point) -> Array:
        """Return J v at `x`, the change of the value along the tangent v, in the value's shape."""
        along = {f"v{i}": array[None] for i, array in enumerate(self._arrays(tangent, "the tangent"))}
        found: Array = self._run("jvp", x, along)["y"][0]
        return found

    def vjp(self, x: Point, cotangent: npt.ArrayLike) -> Point:
        """Return u'J at `x`, in its form; the cotangent u has the value's shape."""
        u = _shaped(cotangent, self.shape, "the cotangent", self.dtype)
        return self._point(self._run("vjp", x, {"u": u[None]}))

    def directional(self, x: Point, direction: Point) -> float:
        """Return u'∇f, the derivative of f(x + αu) to α at 0.  ShapeError unless the value is a scalar."""
        self._scalar("directional derivative")
        return float(self.jvp(x, direction))

    def jacobian(self, x: Point) -> Point:
        """Return the derivatives (*value's shape, *x's shape), one array for each argument."""
        found = self._rows("vjp", x, "u", self.shape)
        cut = [found[f"x{i}"].reshape(*self.shape, *shape) for i, shape in enumerate(self.shapes)]
        return cut[0] if len(cut) == 1 else tuple(cut)

    def hessian(self, x: Point) -> Array:
        """Return the second derivatives (*x's shape, *x's shape) of a scalar function of one array."""
        shape = self._single("Hessian")
        return self._rows("product", x, "v0", shape)["x0"].reshape(*shape, *shape)

    def hessian_product(self, x: Point, v: npt.ArrayLike) -> Array:
        """Return H v at `x`, in its form, for a scalar function of one array; H is not formed."""
        along = _shaped(v, self._single("Hessian"), "the vector", self.dtype)
        found: Array = self._run("product", x, {"v0": along[None]})["x0"][0]
        return found

    def curvature(self, x: Point, direction: npt.ArrayLike) -> float:
        """Return d'Hd, the second derivative of f(x + αd) to α at 0; H is not formed."""
        return float(np.vdot(np.asarray(direction), self.hessian_product(x, direction)))

    def eigen(self, x: Point) -> tuple[Array, Array]:
        """Return the Hessian's eigenvalues (size,), ascending, and its eigenvectors, the columns."""
        size = int(np.prod(self._single("Hessian")))
        values, vectors = np.linalg.eigh(self.hessian(x).reshape(size, size))
        return values, vectors

    def surface(self) -> Surface:
        """Return the function as one of flat weights, for a method of minimisation."""
        shape = self._single("method of minimisation")
        graph = Graph(self.dtype)
        w = graph.input(WEIGHTS, (int(np.prod(shape)),))
        return Surface(Traced(graph, *self._trace(graph, ops.reshape(w, shape))))

    # Traces

    def _trace(self, graph: Graph, *xs: Tensor) -> tuple[Tensor, Tensor | None]:
        inner = None if self._through is None else self._through(*xs)
        y = self._f(*xs) if inner is None else self._f(inner)
        return (y if isinstance(y, Tensor) else graph.constant(y, self.dtype)), inner

    def _outputs(self, kind: str) -> Mapping[str, Tensor]:
        y, xs = self._y, self._xs
        if kind == "value":
            return {"y": y}
        if kind == "jvp":
            vs = [self._input(f"v{i}", shape) for i, shape in enumerate(self.shapes)]
            return {"y": jvp([y], xs, vs)[0]}
        if kind == "product":
            return {"x0": hessian_product(y, xs[0], self._input("v0", self.shapes[0]))}
        slopes = gradient(y, xs) if kind == "gradient" else vjp([y], xs, [self._input("u", self.shape)])
        return {f"x{i}": slope for i, slope in enumerate(slopes)}

    def _input(self, name: str, shape: tuple[int, ...]) -> Tensor:
        known = self._graph.inputs
        return known[name] if name in known else self._graph.input(name, shape)

    # Runs

    def _run(self, kind: str, x: Point, batch: Mapping[str, Array] | None = None) -> dict[str, Array]:
        """Return the outputs (members, *shape) at one point, for the vectors (members, ...) of a batch."""
        batch = batch or {}
        members = len(next(iter(batch.values()), [None]))
        if (kind, members) not in self._executors:
            program = Program(self._graph, self._outputs(kind))
            self._executors[kind, members] = program.bind(members, batch.keys(), numpy_backend())
        executor = self._executors[kind, members]
        given = {**{f"x{i}": a for i, a in enumerate(self._arrays(x, "the point"))}, **batch}
        for name, buffer in executor.inputs.items():
            buffer[...] = given[name]
        executor.run()
        shapes = {name: tensor.shape for name, tensor in executor.program.outputs.items()}
        return {n: np.array(np.broadcast_to(executor.outputs[n], (members, *s))) for n, s in shapes.items()}

    def _rows(self, kind: str, x: Point, name: str, shape: tuple[int, ...]) -> dict[str, Array]:
        """Return what the unit vectors of `shape` give, `ROWS` of them as members of one batched call."""
        units = np.eye(int(np.prod(shape)), dtype=self.dtype).reshape(-1, *shape)
        parts = [self._run(kind, x, {name: units[i : i + ROWS]}) for i in range(0, len(units), ROWS)]
        return {output: np.concatenate([part[output] for part in parts]) for output in parts[0]}

    def _arrays(self, x: Point, what: str) -> list[Array]:
        given: Sequence[Any] = [x] if len(self.shapes) == 1 else x
        if len(given) != len(self.shapes):
            raise ShapeError(f"{what} has {len(given)} arrays, but the function takes {len(self.shapes)}")
        return [_shaped(a, shape, what, self.dtype) for a, shape in zip(given, self.shapes, strict=True)]

    def _point(self, found: Mapping[str, Array]) -> Point:
        arrays = [found[f"x{i}"][0] for i in range(len(self.shapes))]
        return arrays[0] if len(arrays) == 1 else tuple(arrays)

    def _scalar(self, what: str) -> None:
        if self.shape != ():
            raise ShapeError(
                f"a {what} is of a scalar, but the value has shape {self.shape}\n"
                "    reduce it, by ops.sum say, or ask for jvp, vjp or jacobian"
            )

    def _single(self, what: str) -> tuple[int, ...]:
        self._scalar(what)
        if len(self.shapes) != 1:
            raise ShapeError(
                f"a {what} is of a function of one array, this one takes {len(self.shapes)}\n"
                "    join the arrays into one, and cut it inside the function"
            )
        return self.shapes[0]


def _shaped(array: npt.ArrayLike, shape: tuple[int, ...], what: str, dtype: npt.DTypeLike) -> Array:
    found: Array = np.asarray(array, dtype)
    if found.shape != shape:
        raise ShapeError(f"{what} has shape {found.shape}, but the function takes {shape}")
    return found
