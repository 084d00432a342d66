"""Measures of models that write."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError, UserError


def perplexity(losses: npt.ArrayLike) -> float:
    """Return how many equally likely choices surprise as much: exp of the mean loss in nats a symbol."""
    return math.exp(np.asarray(losses, np.float64).mean())


def bleu(texts: Sequence[str], references: Sequence[str | Sequence[str]], *, words: bool = True) -> float:
    """Return the BLEU of texts against one reference or several each, from 0 to 100.  Papineni et al. 2002.

    It is sacrebleu's, which cuts texts into words and signs itself; `words=False` takes them as they stand,
    cut at spaces.  UserError where sacrebleu is not installed.
    """
    try:
        from sacrebleu.metrics.bleu import BLEU  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise UserError("BLEU needs sacrebleu\n    pip install 'plait[text]'") from None
    several = [[each] if isinstance(each, str) else list(each) for each in references]
    if not texts or len(several) != len(texts) or any(len(each) != len(several[0]) for each in several):
        raise DataError(
            f"{len(texts)} texts, but {len(several)} references, or not as many for each\n"
            "    give one reference for each text, or a list of as many for each"
        )
    measure = BLEU(tokenize="13a" if words else "none")
    return float(measure.corpus_score(list(texts), [list(each) for each in zip(*several, strict=True)]).score)
