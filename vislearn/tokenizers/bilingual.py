"""A small tokenizer for the course's own texts, Korean and English in equal parts.

2,000 tokens, learned from the captions of the shapes world in both languages and the
Korean and English names of the emoji (`learn`; tests/tokenizers/course_texts.py has
them). Every other text can be written, too, in more tokens.

The vocabulary is a file and is not learned on the fly, because a trained text tower
needs its ids for ever, even after another version of a package renames an emoji.

It has read the names of all emoji, also of those that an experiment holds out: what is
new to a student there is the drawing and its name together.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from vislearn.tokenizers.bpe import BPE

VOCABULARY = Path(__file__).parent / "data" / "bilingual.json"
VOCAB_SIZE = 2000


@lru_cache(maxsize=1)
def bilingual_bpe() -> BPE:
    """The tokenizer of the course's bilingual dual encoders.

    Captions of scenes with up to three objects and names of emoji fit a context of 24.
    """
    return BPE.load(VOCABULARY)


def learn(texts: Iterable[str], vocab_size: int = VOCAB_SIZE) -> BPE:
    """The same from other texts: `BPE.train` with the settings of `bilingual_bpe`.

    Raises:
        ValueError: as `BPE.train`.
    """
    return BPE.train(texts, vocab_size)
