"""The model's own classes as labels where there are none."""

from pipeline import nn, ops, regularizer
from pipeline.options import Count, Fraction, NonNegative, Positive


@regularizer
def pseudo_labels(
    objective,
    *,
    strength: NonNegative = 1.0,
    start: NonNegative = 100.0,
    ramp: Positive = 500.0,
    threshold: Fraction = 0.0,
    rows: Count = 128,
):
    """Add the mean loss of `rows` unlabelled examples, labelled with the classes that are likeliest now.

    Its weight is 0 until step `start` and rises to `strength` over the next `ramp` steps.  Examples whose
    class is less likely than `threshold` do not count.  Lee 2013, Pseudo-Label, equations 15 and 16.
    """
    outputs = objective.outputs_at(objective.unlabelled(rows))
    log_p = nn.log_probabilities(outputs, objective.classes)
    labels = ops.cast(ops.one_hot(ops.argmax(log_p, axis=-1), objective.classes), log_p.dtype)
    sure = ops.exp(ops.stop_gradient(ops.max(log_p, axis=-1))) >= threshold
    losses = ops.where(sure, -ops.sum(labels * log_p, axis=-1), 0.0)
    weight = strength * ops.clip((objective.t - start) / ramp, 0.0, 1.0)
    objective.add(weight * ops.mean(losses))
