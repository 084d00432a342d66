"""Parameters that are drawn towards each other."""

from pipeline import OptionError, nearest, ops, regularizer
from pipeline.options import NonNegative


@regularizer
def sharing(objective, *, between: tuple[str, str], strength: NonNegative = 1e-2):
    """Add ½·strength·Σ(a - b)² for two parameters of one shape, or of which one has the other's transposed.

    The softer form of a parameter that both share (tied weights), which a large strength comes near to.
    Lasserre et al. 2006; Nowlan & Hinton 1992 let groups of weights share a value instead.
    """
    a, b = (_named(objective, name) for name in between)
    if a.shape != b.shape:
        if a.shape != b.shape[::-1]:
            raise OptionError(
                f"{between[0]!r} {a.shape} and {between[1]!r} {b.shape} cannot be shared\n"
                "    name two parameters of one shape, or a matrix and one of the transposed shape"
            )
        b = ops.transpose(b)
    objective.add(strength / 2 * ops.sum(ops.square(a - b)))


def _named(objective, name):
    if name not in objective.parameters:
        known = objective.parameters
        raise OptionError(
            f"the model has no parameter {name!r}\n"
            f"    allowed: {', '.join(known)}\n    {nearest(name, known)}".rstrip()
        )
    return objective.parameters[name]
