"""Stages of a third party that do one thing wrong for members whose `amount` is not 0."""

from pipeline import model, ops, regularizer


@model
def planted(x, net, *, fault: str = "exp", amount: float = 0.0, outputs: int):
    """Add what `fault` makes of `amount`, times 0."""
    h = net.dense(x, outputs, name="out")
    return h + 0.0 * FAULTS[fault](amount + 0.0 * h)


@regularizer
def root(objective, *, amount: float = 0.0):
    """Add square roots: of 0 where `amount` is 1."""
    rest = 1.0 - amount
    objective.add(ops.sum(ops.sqrt(ops.square(objective.weights[0]) * rest + rest)))


FAULTS = {
    "exp": ops.exp,
    "quotient": lambda x: (x - x) / (1.0 - x / 89.0),
    "log": lambda x: ops.log(1.0 - x / 89.0),
    "recurrence": lambda x: ops.scan(lambda h, z: (ops.square(h) + z, None), x, ops.stack([x] * 6))[0],
}
