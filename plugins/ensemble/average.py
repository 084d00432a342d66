"""The mean of the members."""

from pipeline import ensemble


@ensemble
def average(predictions):
    """Average the members' probabilities or values: (members, rows, outputs) -> (rows, outputs)."""
    return predictions.mean(axis=0)
