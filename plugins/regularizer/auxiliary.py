"""A further task for the same trunk."""

from pipeline import DataError, OptionError, ops, regularizer
from pipeline.options import Fraction


@regularizer
def auxiliary(objective, *, head: str = "auxiliary", target: str = "", share: Fraction = 0.5):
    """Replace a `share` of the loss by that of the head `head` on the data's further targets `target`.

    By default both are called alike.  Class numbers are fitted by cross-entropy, -1 being unknown and left
    out; numbers by half the squared error.  At a share of 1 the head is trained alone.  Caruana 1997.
    """
    name = target or head
    if head not in objective.heads:
        raise OptionError(f"the model has no head {head!r}\n    allowed: {_listed(objective.heads)}")
    if name not in objective.auxiliary:
        raise DataError(
            f"the data has no further targets {name!r}\n    allowed: {_listed(objective.auxiliary)}"
        )
    outputs, wanted = objective.heads[head], objective.auxiliary[name]
    loss = _squares(outputs, wanted) if wanted.dtype.kind == "f" else _surprise(outputs, wanted)
    objective.mix(share, loss)


def _listed(names):
    return ", ".join(names) or "none"


def _squares(outputs, wanted):
    wanted = ops.reshape(wanted, outputs.shape)
    return 0.5 * ops.sum(ops.square(outputs - wanted)) / outputs.shape[0]


def _surprise(outputs, wanted):
    known = ops.where(wanted >= 0, 1.0, 0.0)
    chosen = ops.cast(ops.one_hot(ops.maximum(wanted, 0), outputs.shape[-1]), outputs.dtype)
    losses = -ops.sum(chosen * ops.log_softmax(outputs), axis=-1)
    return ops.sum(known * losses) / ops.maximum(ops.sum(known), 1.0)
