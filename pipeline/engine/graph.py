"""The trace: a graph in single static assignment form, of shapes and dtypes for one member.

The graph knows no operation.  `Graph.apply` appends an instruction of any `Primitive`, or returns the
tensors of an equal one that stands already, so common subexpressions never exist twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

Shape = tuple[int, ...]
Params = Mapping[str, Any]


@dataclass(frozen=True)
class Spec:
    """What is known of a value before it exists: its shape for one member, its dtype."""

    shape: Shape
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class Primitive:
    """An operation of the engine.

    `infer` gives the outputs' specs from the inputs' or raises ShapeError.  `role` is `elementwise`
    (operands of equal rank broadcast; may write over an operand), `view` (its result shares its
    operand's memory where that is possible) or `compute`.
    """

    name: str
    infer: Callable[[Sequence[Spec], Params], tuple[Spec, ...]]
    role: str = "compute"


@dataclass(frozen=True)
class Origin:
    """Where an instruction was traced: by the stage of a node; `derivative` is the operation derived."""

    node: str = ""
    stage: str = ""
    derivative: str = ""

    def of(self, name: str) -> Origin:
        """Return the origin of a derivative of operation `name`; a derivative's derivative keeps its own."""
        return self if self.derivative else replace(self, derivative=name)

    def __str__(self) -> str:
        place = f"{self.node} ({self.stage})" if self.node else "the step itself"
        return f"{place}, backward of {self.derivative}" if self.derivative else place


@dataclass(frozen=True, eq=False)
class Instruction:
    """One step of a graph: outputs = primitive(inputs, params)."""

    primitive: Primitive
    inputs: tuple[Tensor, ...]
    params: Params
    outputs: tuple[Tensor, ...] = ()
    origin: Origin = Origin()


class Tensor:
    """A symbolic value of one member.  Operators and indexing are defined in `pipeline.engine.ops`."""

    __slots__ = ("dtype", "graph", "index", "shape", "source")
    __array_ufunc__ = None  # NumPy arrays leave operators to the tensor
    __hash__ = object.__hash__

    def __init__(self, graph: Graph, index: int, spec: Spec, source: Instruction | None):
        self.graph = graph
        self.index = index
        self.shape = spec.shape
        self.dtype = spec.dtype
        self.source = source

    @property
    def ndim(self) -> int:
        """The number of axes, the member axis not counted."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements of one member."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def spec(self) -> Spec:
        """Shape and dtype."""
        return Spec(self.shape, self.dtype)

    def __bool__(self) -> bool:
        raise TypeError(
            "a traced stage cannot branch on a tensor's value: use ops.where, ops.maximum or arithmetic"
        )

    def __float__(self) -> float:
        raise TypeError("a tensor has no value while it is traced: compute with ops, not with float()")

    __int__ = __index__ = __float__

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a scalar tensor has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[place] for place in range(len(self)))

    if TYPE_CHECKING:  # attached by `pipeline.engine.ops`

        def _binary(self, other: Any) -> Tensor: ...

        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _binary
        __truediv__ = __rtruediv__ = __pow__ = __rpow__ = __matmul__ = __rmatmul__ = _binary
        __lt__ = __le__ = __gt__ = __ge__ = __and__ = __or__ = __getitem__ = _binary
        __eq__ = __ne__ = _binary  # type: ignore[assignment]

        def __neg__(self) -> Tensor: ...

        __abs__ = __invert__ = __neg__

    def __repr__(self) -> str:
        return f"Tensor({self.dtype}{list(self.shape)})"


def _first(item: tuple[str, Any]) -> str:
    return item[0]


@dataclass(frozen=True)
class RandomInput:
    """A random input: the caller fills its buffer with `kind` numbers of `key` at each run."""

    kind: str
    key: tuple[str | int, ...]
    spec: Spec


class Graph:
    """A trace being built.  `dtype` is the floating-point type that Python numbers and masks take.

    A graph with a `parent` is the body of a recurrence: tensors of the parent that it uses are
    `captured`, and stand in it as the inputs `captures`.
    """

    def __init__(self, dtype: npt.DTypeLike = "float32", parent: Graph | None = None):
        self.dtype = np.dtype(dtype)
        self.parent = parent
        self.captured: list[Tensor] = []
        self.captures: list[Tensor] = []
        self.instructions: list[Instruction] = []
        self.inputs: dict[str, Tensor] = {}
        self.randoms: dict[str, RandomInput] = {}
        self.constants: dict[int, npt.NDArray[Any]] = {}
        self._origin: Origin | None = None
        self._count = 0
        self._seen: dict[Any, Any] = {}

    def input(self, name: str, shape: Sequence[int], dtype: npt.DTypeLike | None = None) -> Tensor:
        """Declare an input that the caller fills before a run."""
        if name in self.inputs:
            raise ValueError(f"the graph has an input {name!r} already")
        spec = Spec(tuple(int(n) for n in shape), np.dtype(dtype or self.dtype))
        tensor = self._new(spec, None)
        self.inputs[name] = tensor
        return tensor

    def random(self, kind: str, shape: Sequence[int], key: tuple[str | int, ...]) -> Tensor:
        """Declare an input of `normal` or `uniform` random numbers, drawn anew for each run under `key`."""
        if kind not in ("normal", "uniform"):
            raise ValueError(f"random kind {kind!r} is not one of normal, uniform")
        name = "random:" + "/".join(str(part) for part in key)
        tensor = self.input(name, shape)
        self.randoms[name] = RandomInput(kind, key, tensor.spec)
        return tensor

    def constant(self, value: npt.ArrayLike, dtype: npt.DTypeLike | None = None) -> Tensor:
        """Lift an array or number, the same for all members; floats take the graph's dtype unless told."""
        array = np.asarray(value)
        if dtype is None and array.dtype.kind == "f":
            dtype = self.dtype
        array = np.array(array, dtype=dtype)
        key = ("constant", array.dtype, array.shape, array.tobytes())
        if key not in self._seen:
            tensor = self._new(Spec(array.shape, array.dtype), None)
            array.setflags(write=False)
            self.constants[tensor.index] = array
            self._seen[key] = tensor
        return self._seen[key]  # type: ignore[no-any-return]

    def capture(self, tensor: Tensor) -> Tensor:
        """Return the input that stands here for a tensor of an enclosing graph."""
        if self.parent is None:
            raise ValueError(f"{tensor!r} belongs to another trace")
        if tensor.graph is not self.parent:
            tensor = self.parent.capture(tensor)
        key = ("capture", tensor.index)
        if key not in self._seen:
            self._seen[key] = self.input(f"captured{len(self.captures)}", tensor.shape, tensor.dtype)
            self.captured.append(tensor)
            self.captures.append(self._seen[key])
        return self._seen[key]  # type: ignore[no-any-return]

    @property
    def origin(self) -> Origin:
        """Whose instructions are being traced."""
        if self._origin is None and self.parent is not None:
            return self.parent.origin
        return self._origin or Origin()

    @contextmanager
    def traced_by(self, origin: Origin) -> Iterator[None]:
        """Give the instructions that are appended in the block an origin."""
        before, self._origin = self._origin, origin
        try:
            yield
        finally:
            self._origin = before

    @property
    def depth(self) -> int:
        """How many graphs enclose this one."""
        return 0 if self.parent is None else self.parent.depth + 1

    def apply(self, primitive: Primitive, inputs: Sequence[Tensor], **params: Any) -> tuple[Tensor, ...]:
        """Append an instruction and return its outputs, or those of an equal one."""
        inputs = [x if x.graph is self else self.capture(x) for x in inputs]
        key = (
            primitive.name,
            tuple(tensor.index for tensor in inputs),
            tuple(sorted(params.items(), key=_first)),
        )
        if key not in self._seen:
            specs = primitive.infer([tensor.spec for tensor in inputs], params)
            self._seen[key] = self._append(primitive, tuple(inputs), params, specs)
        return self._seen[key]  # type: ignore[no-any-return]

    def extend(self, instruction: Instruction, params: Params) -> tuple[Tensor, ...]:
        """Let an instruction make more results, as `params` say, and return them; the others stay."""
        specs = instruction.primitive.infer([x.spec for x in instruction.inputs], params)
        more = tuple(self._new(spec, instruction) for spec in specs[len(instruction.outputs) :])
        object.__setattr__(instruction, "params", params)
        object.__setattr__(instruction, "outputs", (*instruction.outputs, *more))
        return more

    def _append(
        self, primitive: Primitive, inputs: tuple[Tensor, ...], params: Params, specs: Sequence[Spec]
    ) -> tuple[Tensor, ...]:
        instruction = Instruction(primitive, inputs, params, origin=self.origin)
        outputs = tuple(self._new(spec, instruction) for spec in specs)
        object.__setattr__(instruction, "outputs", outputs)
        self.instructions.append(instruction)
        return outputs

    def _new(self, spec: Spec, source: Instruction | None) -> Tensor:
        self._count += 1
        return Tensor(self, self._count - 1, spec, source)
