"""The fast gradient sign attack."""

import numpy as np

from pipeline import evaluate, exhibits
from pipeline.options import NonNegative


@evaluate
def signed(model, data, *, epsilon: NonNegative = 0.1, split: str = "test"):
    """Measure errors on inputs moved by epsilon·sign of the loss's gradient, and show the first that changed.

    Goodfellow et al. 2015 (arXiv:1412.6572).
    """
    x, labels = model.prepared(data, split), data.split(split)[1]
    step = epsilon * np.sign(model.input_gradient()(x, labels))
    moved = np.clip(x + step, x.min(), x.max()).astype(x.dtype)
    before, after = (model.predict(inputs).argmax(axis=1) for inputs in (x, moved))
    columns = ("row", "class", "said before", "said after")
    changed = np.flatnonzero(before != after)[:10]
    rows = [(int(i), *(model.classes[c] for c in (labels[i], before[i], after[i]))) for i in changed]
    shown = exhibits.Table(columns, rows, caption="What the attack changed")
    return {"error": float((after != labels).mean()), "changed": shown}
