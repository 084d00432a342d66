"""The loss of models that say themselves how likely an example is."""

from pipeline import ShapeError, loss


@loss(link="identity")
def density(outputs, targets):
    """Return the negative log-density of each example, (batch,), which is the model's one output.

    For models of the inputs' density, such as model.mixture: `outputs` (batch, 1) are log-densities in nats.
    `targets` are not looked at; transform.reconstruct provides some.
    """
    if outputs.ndim != 2 or outputs.shape[1] != 1:
        raise ShapeError(
            f"density: outputs of shape {outputs.shape}; allowed: one log-density an example, (batch, 1)\n"
            "    use a model of densities, such as model.mixture"
        )
    return -outputs[:, 0]
