"""Rows by themselves: what is computed for an example does not depend on its neighbours in the batch."""

from __future__ import annotations

from pipeline.testing.subject import Subject, close
from pipeline.testing.traces import Case, Given, Trace, members


def check_rows(subject: Subject, case: Case, inputs: tuple[str, ...], output: str) -> None:
    """Check that the first row gets the same `output` at another place, among other neighbours."""
    trace = Trace(subject, case, "float64")
    given = members(subject, case, 1)[0]
    moved = {
        name: value[[1] * (len(value) - 1) + [0]] if name in inputs else value
        for name, value in given.values.items()
    }
    here, there = trace.run([given, Given(moved, given.options, given.seed)])
    subject.require(
        close(here[output][0], there[output][-1], 1e-9),
        f"its {output} for an example depend on the other examples of the batch, "
        "so a prediction would depend on what is predicted beside it",
    )
