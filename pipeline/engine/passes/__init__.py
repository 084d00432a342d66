"""Plan passes: each a function from plan to plan that changes no bit of a result on NumPy.

The first ones cost nothing but a moment of binding.  Those in COMPILED make instructions for kernels that
a backend may have (`fused`, `rows`) and that are compiled when they are bound for the first time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from pipeline.engine.passes.chains import chained
from pipeline.engine.passes.folding import folded
from pipeline.engine.passes.identities import simplified
from pipeline.engine.passes.plan import Plan
from pipeline.engine.passes.reductions import reduced
from pipeline.engine.passes.sigmoids import opened
from pipeline.engine.passes.views import joined

if TYPE_CHECKING:
    from pipeline.engine.backends import Backend

PASSES: Mapping[str, Callable[[Plan], Plan]] = {
    "folding": folded,
    "identities": simplified,
    "views": joined,
    "sigmoids": opened,
    "reductions": reduced,
    "chains": chained,
}
# pass -> kernel that it needs
COMPILED: Mapping[str, str] = {"sigmoids": "fused", "reductions": "rows", "chains": "fused"}
PLAIN = tuple(name for name in PASSES if name not in COMPILED)
ALL = tuple(PASSES)


def applied(plan: Plan, names: Collection[str], backend: Backend) -> Plan:
    """Return the plan after the passes `names`, in the order of PASSES, as far as the backend has kernels.

    A backend that groups instructions in its own way does so in the place of the compiled passes.
    """
    unknown = set(names) - PASSES.keys()
    if unknown:
        raise ValueError(f"no plan passes {sorted(unknown)}; there are {', '.join(PASSES)}")
    for name, function in PASSES.items():
        if name in names and (name in PLAIN or (backend.fuse is None and COMPILED[name] in backend.kernels)):
            plan = function(plan)
    return backend.fuse(plan) if backend.fuse and COMPILED.keys() & set(names) else plan
