"""The order of nodes, and cycles that leave none.

By the standard library's graphlib: importing NetworkX takes longer than all checks of a file together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

Givers = Mapping[str, Collection[str]]


def in_order(givers: Givers) -> list[str]:
    """Return the nodes, each after those that it takes; `givers` maps a node to these, and has no cycle."""
    return list(TopologicalSorter(givers).static_order())


def cycles(givers: Givers) -> Iterator[list[str]]:
    """Yield cycles until none is left, each as its nodes in the order of the edges, the first one again last.

    Cycles that share a node with one that was given are left out: they may be gone with it.
    """
    rest = {name: list(sources) for name, sources in givers.items()}
    while True:
        try:
            TopologicalSorter(rest).prepare()
            return
        except CycleError as error:
            cycle = error.args[1]
        yield cycle
        rest = {
            name: [s for s in sources if s not in cycle]
            for name, sources in rest.items()
            if name not in cycle
        }
