"""Which instructions stand in one group: makers and readers are joined where nothing outside lies between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from heapq import heapify, heappop, heappush

from pipeline.engine.fusion import Form, Sources, form, reduction
from pipeline.engine.graph import Instruction
from pipeline.engine.passes.plan import Plan

Allowed = Callable[[Instruction], bool]
Group = list[int]  # places of instructions


class Grouping:
    """Groups of a plan's instructions.  Each starts alone; groups grow as long as the whole keeps an order.

    Sets of places are the bits of whole numbers.  `_below` are the places that a place must come before.
    """

    def __init__(self, plan: Plan, allowed: Allowed):
        self.plan = plan
        self.source = Sources(plan.instructions)
        self.instructions = plan.instructions
        self.forms: list[Form | None] = [
            form(one, plan) if allowed(one) else None for one in plan.instructions
        ]
        self._group = [1 << place for place in range(len(self.instructions))]
        self._cut = _cut(plan.instructions)
        self._makers = {x.index: i for i, one in enumerate(self.instructions) for x in one.outputs}
        self._operands = [sorted(set(self._reads(place))) for place in range(len(self.instructions))]
        self._below = self._closure()

    def grow(self) -> None:
        """Join every instruction with those that make its operands, then with those that share them.

        Slices of one array count as shared: what is done to each of its parts is done in one go.
        """
        for place in range(len(self.instructions)):
            for maker in self._operands[place]:
                self._try(maker, place)
        readers: dict[int, list[int]] = {}
        for place, one in enumerate(self.instructions):
            if self.forms[place] is not None:
                for x in map(self.source, one.inputs):
                    if x.size > 1:
                        readers.setdefault(self._cut.get(x.index, x.index), []).append(place)
        for first, *others in readers.values():
            for other in others:
                self._try(first, other)

    def absorb(self, places: Group, wanted: Form) -> Group:
        """Return a group with what it alone reads: numbers of a row, numbers of all."""
        own = set(places)
        grown = True
        while grown:
            found = {
                maker
                for place in own
                for maker in self._operands[place]
                if maker not in own and self._small(maker, wanted) and self._only_for(maker, own)
            }
            own |= found
            grown = bool(found)
        return sorted(own)

    def groups(self) -> list[Group]:
        """Return the groups of two and more, and the instructions alone that have a form."""
        found = {bits: list(_bits(bits)) for place, bits in enumerate(self._group) if self.forms[place]}
        return list(found.values())

    def form_of(self, places: Group) -> Form:
        """Return what a group walks."""
        forms = [known for place in places if (known := self.forms[place]) is not None]
        widest = forms[0]
        for one in forms[1:]:
            widest = widest.joined(one) or widest
        return widest

    def ordered(self, chosen: Sequence[Group]) -> list[Group]:
        """Return the chosen groups, and everything else alone, in an order that they can run in."""
        home = {place: group for group in chosen for place in group}
        units = {id(group): group for group in chosen}
        alone = [[place] for place in range(len(self.instructions)) if place not in home]
        units.update((id(group), group) for group in alone)
        home.update((group[0], group) for group in alone)
        return list(self._sorted(list(units.values()), home))

    def _sorted(self, units: list[Group], home: dict[int, Group]) -> Iterator[Group]:
        needs = {id(unit): self._needs(unit, home) for unit in units}
        readers: dict[int, list[Group]] = {}
        for unit in units:
            for other in needs[id(unit)]:
                readers.setdefault(other, []).append(unit)
        ready = [(unit[-1], unit) for unit in units if not needs[id(unit)]]
        heapify(ready)
        while ready:
            _, unit = heappop(ready)
            yield unit
            for reader in readers.get(id(unit), ()):
                needs[id(reader)].discard(id(unit))
                if not needs[id(reader)]:
                    heappush(ready, (reader[-1], reader))

    def _needs(self, unit: Group, home: dict[int, Group]) -> set[int]:
        makers = (maker for place in unit for maker in self._operands[place])
        return {id(home[maker]) for maker in makers} - {id(unit)}

    def _reads(self, place: int) -> Iterator[int]:
        """Yield the places that make what the instruction at `place` reads; a kernel looks through views."""
        instruction = self.instructions[place]
        for x in instruction.inputs:
            seen = self.source(x) if self.forms[place] is not None else x
            if seen.index in self._makers:
                yield self._makers[seen.index]

    def _closure(self) -> list[int]:
        below = [0] * len(self.instructions)
        for place in reversed(range(len(self.instructions))):
            for maker in self._operands[place]:
                below[maker] |= below[place] | 1 << place
        return below

    def _try(self, maker: int, reader: int) -> None:
        a, b = self._group[maker], self._group[reader]
        if a == b or not self._fit(a, b) or self._between(a, b) or self._between(b, a):
            return
        self._merge(a, b)

    def _fit(self, a: int, b: int) -> bool:
        forms = [self.form_of(list(_bits(bits))) if self._has_form(bits) else None for bits in (a, b)]
        if forms[0] is None or forms[1] is None or forms[0].joined(forms[1]) is None:
            return False
        return not self._reads_column_sum(a, b) and not self._reads_column_sum(b, a)

    def _has_form(self, bits: int) -> bool:
        return all(self.forms[place] is not None for place in _bits(bits))

    def _reads_column_sum(self, a: int, b: int) -> bool:
        """Return whether `b` reads a column's sum of `a`, which is known only after the last row."""
        sums = [p for p in _bits(a) if reduction(self.instructions[p]) == "column_sum"]
        return any(place in self._operands[reader] for place in sums for reader in _bits(b))

    def _between(self, a: int, b: int) -> bool:
        """Return whether an instruction outside comes after `a` and before `b`."""
        beyond = self._reach(a) & ~(a | b)
        return any(self._below[place] & b for place in _bits(beyond))

    def _reach(self, group: int) -> int:
        reach = 0
        for place in _bits(group):
            reach |= self._below[place]
        return reach

    def _merge(self, a: int, b: int) -> None:
        both = a | b
        reach = (self._reach(a) | self._reach(b)) & ~both
        for place in range(len(self.instructions)):
            if 1 << place & both:
                self._group[place] = both
                self._below[place] = reach | both & ~(1 << place)
            elif self._below[place] & both:
                self._below[place] |= reach | both

    def _small(self, maker: int, wanted: Form) -> bool:
        own = self.forms[maker]
        if own is None or self.instructions[maker].primitive.name in ("sum", "max", "min"):
            return False
        size = self.instructions[maker].outputs[0].size
        return size == 1 or own == wanted.row

    def _only_for(self, maker: int, own: set[int]) -> bool:
        output = self.instructions[maker].outputs[0]
        if output.index in self.plan.results:
            return False
        readers = [p for p, operands in enumerate(self._operands) if maker in operands]
        return all(p in own or self._passed_on(p, own) for p in readers)

    def _passed_on(self, place: int, own: set[int]) -> bool:
        """Return whether a view that kernels look through is all that reads, and the group reads it alone."""
        output = self.instructions[place].outputs[0]
        through = self.source(output) is not output
        return through and self._only_for(place, own)


def _cut(instructions: Sequence[Instruction]) -> dict[int, int]:
    """Return of each slice what it was cut from."""
    cuts: dict[int, int] = {}
    for one in instructions:
        if one.primitive.name == "slice":
            whole = one.inputs[0].index
            cuts[one.outputs[0].index] = cuts.get(whole, whole)
    return cuts


def _bits(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
