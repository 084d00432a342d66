"""The class that most members choose."""

import numpy as np

from pipeline import DataError, ensemble


@ensemble
def vote(predictions):
    """Give each member one vote for its likeliest class, and the members' mean probabilities one more.

    The mean decides ties only: it differs between two classes by less than a vote.  The result, (rows,
    classes), sums to 1 in each row.
    """
    members, _, outputs = predictions.shape
    if outputs < 2 or predictions.min() < 0 or not np.allclose(predictions.sum(axis=-1), 1, atol=1e-3):
        raise DataError("votes are for classes, but these models predict values\n    use ensemble.average")
    votes = np.eye(outputs, dtype=predictions.dtype)[predictions.argmax(axis=-1)].sum(axis=0)
    return (votes + predictions.mean(axis=0)) / (members + 1)
