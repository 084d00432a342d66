"""Targets that are the inputs themselves."""

from pipeline import DataError, transform


@transform
def reconstruct(data, rng):
    """Make the inputs the targets too, (rows, features) each, for autoencoders and density models.

    The targets are the inputs as they are here: what later transforms do to the inputs, noise say, a model
    learns to undo.  Targets that there were are kept as the auxiliary targets `labels`.
    """
    if data.missing:
        raise DataError(
            "inputs are missing (NaN), and targets cannot be\n    put transform.impute before this one"
        )
    kept = {} if data.targets is None else {"labels": data.targets}
    return data.replace(
        targets=data.inputs.reshape(len(data), -1),
        task="regression",
        classes=(),
        auxiliary={**data.auxiliary, **kept},
    )
