"""Sure predictions where there are no labels."""

from pipeline import nn, ops, regularizer
from pipeline.options import Count, NonNegative


@regularizer
def entropy(objective, *, strength: NonNegative = 1.0, rows: Count = 128):
    """Add strength times the mean entropy (nats) of the predictions for `rows` unlabelled examples.

    It moves decision boundaries to where examples are rare.  Grandvalet & Bengio 2005, equation 9.
    """
    outputs = objective.outputs_at(objective.unlabelled(rows))
    objective.add(strength * ops.mean(nn.entropy(nn.log_probabilities(outputs, objective.classes))))
