"""The Python source of a fused kernel for numba.

A kernel walks members, rows and columns.  An operand is a vector along the columns or one number a row;
where its next row and member lie are numbers given to the kernel, so one compilation serves all shapes.
What depends on a reduction of the row runs in a later loop over the row's columns: a *level*.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.engine import exponential
from pipeline.engine.fusion import ROW_REDUCTIONS, Placed, Step

TEMPLATES = {
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "negative": "-{0}",
    "square": "{0} * {0}",
    "sqrt": "np.sqrt({0})",
    "reciprocal": "one / {0}",
    "abs": "abs({0})",
    # what NumPy does with NaN, and with two zeros: a comparison with NaN is false
    "sign": "one if {0} > zero else -one if {0} < zero else {0} if {0} != {0} else zero",
    "relu": "{0} if {0} > zero or {0} != {0} else zero",
    "gate": "{0} * (one if {1} > zero else zero)",
    "maximum": "{0} if {0} > {1} or {0} != {0} else {1}",
    "minimum": "{0} if {0} < {1} or {0} != {0} else {1}",
    "where": "{1} if {0} else {2}",
    "cast": "one if {0} else zero",
    "equal": "{0} == {1}",
    "not_equal": "{0} != {1}",
    "less": "{0} < {1}",
    "less_equal": "{0} <= {1}",
    "greater": "{0} > {1}",
    "greater_equal": "{0} >= {1}",
    "logical_and": "{0} and {1}",
    "logical_or": "{0} or {1}",
    "logical_not": "not {0}",
    "exp": "exponential({0})",
}

# NumPy's order for up to 128 numbers: eight sums side by side, joined in pairs, then what is left over.
# A reduction starts from `start`, which is 0 or, in some versions, -0.
PAIRWISE = """
@numba.njit(error_model="numpy", cache=True)
def pairwise(a, n, start):
    if n < 8:
        total = a[0]
        for c in range(1, n):
            total += a[c]
        return start + total
    s0, s1, s2, s3, s4, s5, s6, s7 = a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]
    whole = n - n % 8
    for c in range(8, whole, 8):
        s0 += a[c]
        s1 += a[c + 1]
        s2 += a[c + 2]
        s3 += a[c + 3]
        s4 += a[c + 4]
        s5 += a[c + 5]
        s6 += a[c + 6]
        s7 += a[c + 7]
    total = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
    for c in range(whole, n):
        total += a[c]
    return start + total
"""


def source(steps: Sequence[Step], kept: Sequence[int], vectors: Sequence[bool], places: Sequence[int]) -> str:
    """Return the source of a kernel; argument `places[i]` receives the step `kept[i]`."""
    return "\n".join(_Kernel(steps, kept, vectors, places).lines())


def temporaries(steps: Sequence[Step], vectors: Sequence[bool]) -> list[int]:
    """Return the steps whose rows a kernel needs memory for: what is summed, or read by a later loop."""
    return _Kernel(steps, (), vectors, ()).temporaries


class _Kernel:
    def __init__(
        self, steps: Sequence[Step], kept: Sequence[int], vectors: Sequence[bool], places: Sequence[int]
    ):
        self.steps = steps
        self.vectors = vectors
        self.stores = list(zip(places, kept, strict=True))
        self._columns = {step: place for place, step in self.stores if steps[step].name == "column_sum"}
        self.vector: list[bool] = []
        self.level: list[int] = []
        for step in steps:
            reduces = step.name in ROW_REDUCTIONS
            self.vector.append(not reduces and any(map(self._is_vector, step.operands)))
            self.level.append(max(map(self._level, step.operands), default=0) + reduces)
        self.temporaries = sorted(set(self._crossing()))

    def lines(self) -> Iterator[str]:
        """Yield the source's lines."""
        yield from ["import numba", "import numpy as np", ""]
        if any(step.name == "sum" for step in self.steps):
            yield PAIRWISE
        if any(step.name == "exp" for step in self.steps):
            yield exponential.SOURCE
        arguments = [f"a{i}" for i in range(len(self.vectors))] + [f"t{i}" for i in self.temporaries]
        yield from ["", '@numba.njit(error_model="numpy", cache=True)']
        yield f"def kernel(members, rows, columns, d, zero, one, start, {', '.join(arguments)}):"
        yield from ["    n = np.uint64(columns)", "    for i in range(members):"]
        for place in self._columns.values():
            yield f"        b{place} = np.uint64(i * d[{2 * place}])"
            yield from ["        for c in range(n):", f"            a{place}[b{place} + c] = start"]
        yield "        for r in range(rows):"
        yield from (f"            {line}" for line in self._row())
        yield ""

    def _row(self) -> Iterator[str]:
        for i, vector in enumerate(self.vectors):
            yield f"o{i} = np.uint64(i * d[{2 * i}] + r * d[{2 * i + 1}])"  # not negative: no wrapping round
            if not vector and i not in dict(self.stores):
                yield f"x{i} = a{i}[o{i}]"
        for level in range(max(self.level, default=0) + 1):
            yield from self._numbers(level)
            yield from self._loop(level)

    def _numbers(self, level: int) -> Iterator[str]:
        """Yield what is computed once a row: reductions of the loop before, and what follows from them."""
        for place, step in enumerate(self.steps):
            if self.level[place] != level or self.vector[place] or step.name == "column_sum":
                continue
            if step.name == "sum":
                yield f"s{place} = pairwise({self._summed(step.operands[0])}, columns, start)"
            elif step.name in ROW_REDUCTIONS:
                yield f"s{place} = m{place} + zero"
            else:
                yield f"s{place} = {self._expression(step)}"
        yield from (
            f"a{place}[o{place}] = s{step}"
            for place, step in self.stores
            if self.level[step] == level and not self.vectors[place]
        )

    def _loop(self, level: int) -> Iterator[str]:
        body = [*self._vectors(level), *self._stored(level), *self._extremes(level)]
        if not body:
            return
        for place, step in enumerate(self.steps):
            if step.name in ("max", "min") and self.level[place] == level + 1:
                yield f"m{place} = {'-' if step.name == 'max' else ''}one / zero"
        yield "for c in range(n):"
        loads = dict.fromkeys(self._loads(level))
        yield from (f"    {line}" for line in (*loads, *body))

    def _vectors(self, level: int) -> Iterator[str]:
        for place, step in enumerate(self.steps):
            if self.vector[place] and self.level[place] == level and step.name != "column_sum":
                yield f"s{place} = {self._expression(step)}"

    def _stored(self, level: int) -> Iterator[str]:
        for place, step in self.stores:
            if step in self._columns:
                if self.level[step] == level:
                    yield f"a{place}[b{place} + c] += {self._name(self.steps[step].operands[0])}"
            elif self.vectors[place] and self.level[step] == level:
                yield f"a{place}[o{place} + c] = s{step}"
        yield from (f"t{place}[c] = s{place}" for place in self.temporaries if self.level[place] == level)

    def _extremes(self, level: int) -> Iterator[str]:
        for place, step in enumerate(self.steps):
            if step.name in ("max", "min") and self.level[place] == level + 1:
                x, sign = self._name(step.operands[0]), ">" if step.name == "max" else "<"
                yield f"m{place} = {x} if {x} {sign} m{place} or {x} != {x} else m{place}"

    def _loads(self, level: int) -> Iterator[str]:
        """Yield the loads of vectors that this loop reads: arguments, and rows of earlier loops."""
        for place, step in enumerate(self.steps):
            extreme = step.name in ("max", "min") and self.level[place] == level + 1
            if not extreme and (not self.vector[place] or self.level[place] != level):
                continue
            for kind, x in step.operands:
                if kind == "in" and self.vectors[x]:
                    yield f"x{x} = a{x}[o{x} + c]"
                elif kind == "step" and self.vector[x] and self.level[x] < level:
                    yield f"s{x} = t{x}[c]"

    def _crossing(self) -> Iterator[int]:
        """Yield the vector steps that are summed along the row or read in a later loop than their own."""
        for place, step in enumerate(self.steps):
            for kind, x in step.operands:
                if kind != "step" or not (self.vector[x] or step.name == "sum"):
                    continue
                read = self.level[place] - (step.name in ("max", "min"))
                if step.name == "sum" or read > self.level[x]:
                    yield x

    def _summed(self, operand: Placed) -> str:
        kind, x = operand
        return f"a{x}[o{x} : o{x} + n]" if kind == "in" else f"t{x}"

    def _is_vector(self, operand: Placed) -> bool:
        kind, x = operand
        return self.vectors[x] if kind == "in" else self.vector[x]

    def _level(self, operand: Placed) -> int:
        kind, x = operand
        return 0 if kind == "in" else self.level[x]

    def _name(self, operand: Placed) -> str:
        kind, x = operand
        return f"x{x}" if kind == "in" else f"s{x}"

    def _expression(self, step: Step) -> str:
        return TEMPLATES[step.name].format(*map(self._name, step.operands))
