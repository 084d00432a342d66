import sys

import numpy as np
import pytest
import sacrebleu

from pipeline import DataError, UserError, measures

TEXTS = ["the cat sat on a mat", "he read the book, because he likes it."]
REFERENCES = ["the cat sat on the mat", "he read the book because he was interested in world history"]


def test_bleu_is_sacrebleus():
    assert measures.bleu(TEXTS, REFERENCES) == sacrebleu.corpus_bleu(TEXTS, [REFERENCES]).score
    assert measures.bleu(REFERENCES, REFERENCES) == pytest.approx(100)


def test_several_references_help_and_words_may_be_given():
    several = [[one, other] for one, other in zip(REFERENCES, reversed(REFERENCES), strict=True)]
    assert measures.bleu(TEXTS, several) >= measures.bleu(TEXTS, REFERENCES)
    found = measures.bleu(["a b , c d"], ["a b , c d"], words=False)
    assert found == sacrebleu.corpus_bleu(["a b , c d"], [["a b , c d"]], tokenize="none").score


def test_references_that_are_not_as_many_are_refused():
    with pytest.raises(DataError, match="2 texts, but 1 references"):
        measures.bleu(TEXTS, REFERENCES[:1])
    with pytest.raises(DataError, match="give one reference"):
        measures.bleu(TEXTS, [REFERENCES, REFERENCES[:1]])


def test_without_sacrebleu_the_way_to_install_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics.bleu", None)
    with pytest.raises(UserError, match=r"pip install 'plait\[text\]'"):
        measures.bleu(TEXTS, REFERENCES)


def test_perplexity_of_even_choices_is_their_number():
    assert measures.perplexity(np.full(10, np.log(7.0))) == pytest.approx(7.0)
