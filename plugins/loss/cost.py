"""No loss but the model's own."""

from pipeline import loss, ops


@loss(link="identity")
def cost(outputs, targets):
    """Return 0 for each example, (batch,): only the model's own cost (net.cost) is minimised.

    For models of the inputs' density, such as model.mixture, whose cost is the negative log-density.
    """
    return ops.sum(ops.zeros_like(ops.flatten(outputs)), axis=-1)
