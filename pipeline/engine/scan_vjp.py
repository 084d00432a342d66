"""The gradient of a recurrence: a recurrence the other way, whose body is the VJP of the body.

What the backward pass needs of a step's values is saved by the forward pass, as more results of it; with
`checkpoint` only the carries are, and the rest is computed anew.  A shared weight's cotangent that is a
product of matrices at each step becomes one product over all steps, of what both passes stacked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.engine import ops
from pipeline.engine.graph import Graph, Instruction, Params, Tensor
from pipeline.engine.kernels import VIEWS
from pipeline.engine.primitives import PRIMITIVES
from pipeline.engine.scan import Body, outputs_in, replay
from pipeline.engine.scan_products import Factor, Product, addends, unreshaped


def scan_vjp(cotangents: Any, xs: Sequence[Tensor], ys: Any, params: Params) -> Sequence[Any]:
    """Return the operands' cotangents, None for whole numbers and what no result depends on."""
    if isinstance(ys, Tensor):
        cotangents, ys = (cotangents,), (ys,)
    body: Body = params["body"]
    pulled = Pulled(body, [g is not None for g in cotangents], saving=not params["checkpoint"])
    stacks = _saved(ys[0].source, pulled.saved)
    backward = pulled.body()
    given = [g for g in cotangents[len(body.carries) :] if g is not None]
    outer = dict(zip((x.index for x in body.inputs), xs, strict=True)) | stacks
    first = [
        ops.zeros_like(y) if g is None else g
        for y, g in zip(ys[: len(body.carries)], cotangents, strict=False)
        if y.dtype.kind == "f"
    ]
    terms = sum(g is not None for g in cotangents[len(body.carries) :][: len(body.terms)])
    known = [outer[x.index] for x in pulled.constants]
    sequences = [outer[x.index] for x in pulled.sequences]
    outputs = ys[0].graph.apply(
        PRIMITIVES["scan"],
        [*known, *given[:terms], *first, *sequences, *given[terms:]],
        body=backward,
        length=params["length"],
        reverse=not params["reverse"],
        checkpoint=params["checkpoint"],
    )
    return pulled.cotangents(outputs, outer)


def _saved(forward: Instruction | None, wanted: Sequence[Tensor]) -> dict[int, Tensor]:
    """Return each wanted tensor of the forward body, stacked, by its index; add results that lack."""
    assert forward is not None
    body: Body = forward.params["body"]
    present = {x.index for x in body.results}
    new = [x for x in wanted if x.index not in present]
    if new:
        body = replace(body, results=(*body.results, *new))
        forward.outputs[0].graph.extend(forward, {**forward.params, "body": body})
    start = len(body.carries) + len(body.terms)
    return dict(zip((x.index for x in body.results), forward.outputs[start:], strict=True))


@dataclass
class _Constant:
    """The cotangent of a constant: terms summed at each step, and products summed afterwards."""

    terms: list[Tensor] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)


class Pulled:
    """The VJP of a body, traced in one graph with the body, and how it is cut from it.

    `given` tells which outputs have cotangents from outside.  `constants` and `sequences` are the tensors
    of the body that the backward pass is given, `saved` those that the forward pass has to stack.
    """

    def __init__(self, body: Body, given: Sequence[bool], saving: bool):
        from pipeline.engine.gradients import pullback

        self._body = body
        self._saving = saving
        self._graph = Graph(body.graph.dtype)
        self._primal = self._inputs("x", body.inputs)
        known = {old.index: new for old, new in zip(body.inputs, self._primal, strict=True)}
        replay(body.instructions, self._graph, known)
        ys = outputs_in(self._graph, body.outputs, known)
        self._images: dict[int, Tensor] = {}
        for tensor in _tensors(body):
            if tensor.index in known:
                self._images.setdefault(known[tensor.index].index, tensor)
        self._varying = _varying(body)
        asked = [y.dtype.kind == "f" and (i < len(body.carries) or given[i]) for i, y in enumerate(ys)]
        seeded = [y for y, flag in zip(ys, asked, strict=True) if flag]
        self._seeds = self._inputs("g", seeded)
        self._loops = sum(asked[: len(body.carries)])
        self._sums = sum(asked[len(body.carries) :][: len(body.terms)])
        # own names for operands: a value used twice must not take the other's cotangent
        found = pullback(seeded, self._primal, self._seeds)
        self._sort(dict(zip((x.index for x in body.inputs), found, strict=True)))

    def _inputs(self, letter: str, tensors: Iterable[Tensor]) -> tuple[Tensor, ...]:
        return tuple(self._graph.input(f"{letter}{i}", x.shape, x.dtype) for i, x in enumerate(tensors))

    def _sort(self, found: dict[int, Tensor | None]) -> None:
        """Tell apart what each cotangent is made of, and find what it takes."""
        body = self._body
        floats = [x for x in body.carries if x.dtype.kind == "f"]
        self._next = [_or_zeros(found[x.index], x, self._graph) for x in floats]
        self._constants = {x.index: self._split(found[x.index]) for x in body.constants}
        self._slices = {x.index: g for x in body.slices if (g := found[x.index]) is not None}
        self._terms = {i: _total(one.terms) for i, one in self._constants.items() if one.terms}
        factors = [f for one in self._constants.values() for p in one.products for f in (p.a, p.b)]
        results = [*self._slices.values(), *(f.tensor for f in factors if f.saved is None)]
        self._results = list({x.index: x for x in results}.values())
        self._instructions, leaves = self._needed([*self._next, *self._terms.values(), *self._results])
        images = [self._images[x.index] for x in leaves if x.index in self._images]
        constants, slices = ({x.index for x in part} for part in (body.constants, body.slices))
        self.constants = [x for x in images if x.index in constants]
        self.sequences = [x for x in images if x.index not in constants]
        wanted = [*self.sequences, *(f.saved for f in factors if f.saved is not None)]
        self.saved = list({x.index: x for x in wanted if x.index not in slices}.values())

    def _split(self, cotangent: Tensor | None) -> _Constant:
        """Split a constant's cotangent into products to be summed over all steps at once, and the rest."""
        split = _Constant()
        for term in addends(cotangent):
            product = self._product(term) if self._saving else None
            if product is None:
                split.terms.append(term)
            else:
                split.products.append(product)
        return split

    def _product(self, term: Tensor) -> Product | None:
        """Return `term` as aᵀ·b of factors that change from step to step, or None."""
        made = unreshaped(term).source
        if made is None or made.primitive.name != "matmul" or len(made.outputs[0].shape) != 2:
            return None
        turned, b = made.inputs
        source = turned.source
        if source is None or source.primitive.name != "transpose":
            return None
        factors = [self._factor(x) for x in (source.inputs[0], b)]
        if factors[0] is None or factors[1] is None:
            return None
        return Product(factors[0], factors[1], term.shape)

    def _factor(self, x: Tensor) -> Factor | None:
        root = unreshaped(x)
        image = self._images.get(root.index)
        if image is None:
            return Factor(x, None)
        if image.index not in self._varying:
            return None
        is_input = image.source is None
        return Factor(x, image if is_input or self._is_cut(root) else None)

    def _is_cut(self, x: Tensor) -> bool:
        """Return whether the backward pass is given `x`: what the forward pass computed at each step."""
        image = self._images.get(x.index)
        if image is None or image.source is None or not self._saving:
            return False
        return image.index in self._varying and image.source.primitive.name not in VIEWS

    def _needed(self, results: Iterable[Tensor]) -> tuple[list[Instruction], list[Tensor]]:
        """Return the instructions that the backward pass runs for `results`, and what they are given."""
        needed: set[int] = set()
        leaves: dict[int, Tensor] = {}

        def need(tensors: Iterable[Tensor]) -> None:
            for x in tensors:
                if x.source is None or self._is_cut(x):
                    leaves[x.index] = x
                else:
                    needed.add(x.index)

        need(results)
        chosen = []
        for instruction in reversed(self._graph.instructions):
            if any(output.index in needed for output in instruction.outputs):
                chosen.append(instruction)
                need(instruction.inputs)
        return chosen[::-1], list(leaves.values())

    def body(self) -> Body:
        """Return the body of the backward pass."""
        graph = Graph(self._body.graph.dtype)
        of_body = {image.index: index for index, image in self._images.items()}
        known: dict[int, Tensor] = {}

        def declare(letter: str, indices: Iterable[int], tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
            made = tuple(graph.input(f"{letter}{i}", x.shape, x.dtype) for i, x in enumerate(tensors))
            known.update(zip(indices, made, strict=True))
            return made

        sums, results = self._loops, self._loops + self._sums
        loops, g_terms, g_results = self._seeds[:sums], self._seeds[sums:results], self._seeds[results:]
        constants = declare("constant", [of_body[x.index] for x in self.constants], self.constants)
        constants += declare("sum", [x.index for x in g_terms], g_terms)
        carries = declare("carry", [x.index for x in loops], loops)
        slices = declare("x", [of_body[x.index] for x in self.sequences], self.sequences)
        slices += declare("g", [x.index for x in g_results], g_results)
        replay(self._instructions, graph, known)
        made = [outputs_in(graph, part, known) for part in (self._next, self._terms.values(), self._results)]
        return Body(graph, constants, carries, slices, *made)

    def cotangents(self, outputs: Sequence[Tensor], outer: dict[int, Tensor]) -> list[Any]:
        """Order the outputs as the operands; `outer` has operands and stacks by the body's tensors."""
        sums = dict(zip(self._terms, outputs[self._loops :], strict=False))
        stacked = outputs[self._loops + len(self._terms) :]
        stacks = dict(zip((x.index for x in self._results), stacked, strict=True))

        def stack(factor: Factor) -> Tensor:
            return stacks[factor.tensor.index] if factor.saved is None else outer[factor.saved.index]

        found: list[Any] = []
        for x in self._body.constants:
            terms = [sums[x.index]] if x.index in sums else []
            terms += [product.summed(stack) for product in self._constants[x.index].products]
            found.append(_total(terms) if terms else None)
        loops = iter(outputs)
        found += [next(loops) if x.dtype.kind == "f" else None for x in self._body.carries]
        for x in self._body.slices:
            g = self._slices.get(x.index)
            found.append(None if g is None else stacks[g.index])
        return found


def _tensors(body: Body) -> list[Tensor]:
    """Return a body's inputs, then what it computes."""
    return [*body.inputs, *(x for instruction in body.instructions for x in instruction.outputs)]


def _varying(body: Body) -> set[int]:
    """Return the tensors of a body that change from step to step."""
    varying = {x.index for x in (*body.carries, *body.slices)}
    for instruction in body.instructions:
        if any(x.index in varying for x in instruction.inputs):
            varying.update(x.index for x in instruction.outputs)
    return varying


def _or_zeros(g: Tensor | None, x: Tensor, graph: Graph) -> Tensor:
    if g is not None:
        return g
    zero = graph.constant(0.0, x.dtype)
    return ops.broadcast_to(zero, x.shape)  # type: ignore[no-any-return]


def _total(terms: Sequence[Tensor]) -> Tensor:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
