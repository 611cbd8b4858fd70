"""What a text costs in tokens: the same sentence in two languages, by tokenizer.

A token costs memory and time and takes up room in the context. A tokenizer merges what
was frequent where it was trained, so that text of another language falls apart into
bytes: three for each Hangul syllable.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from vislearn.tokenizers.batch import as_texts
from vislearn.tokenizers.bpe import utf8


class Tokenizer(Protocol):
    """What `BPE` and `CLIPTokenizer` have in common, and others may have, too."""

    def encode(self, text: str) -> list[int]:
        """The ids of a text, without marks of start and end."""


def tokens_per_text(tokenizer: Tokenizer, texts: str | Iterable[str]) -> float:
    """Mean number of tokens, without start and end.

    Raises:
        ValueError: without texts.
    """
    listed = as_texts(texts)
    if not listed:
        raise ValueError("there is no text to count the tokens of")
    return sum(len(tokenizer.encode(text)) for text in listed) / len(listed)


def bytes_per_token(tokenizer: Tokenizer, texts: str | Iterable[str]) -> float:
    """How many bytes of UTF-8 one token stands for; 1 means nothing was merged.

    Raises:
        ValueError: if there is nothing to count, or half of a surrogate pair.
    """
    listed = as_texts(texts)
    tokens = sum(len(tokenizer.encode(text)) for text in listed)
    if not tokens:
        raise ValueError("there is no text to count the tokens of")
    return sum(len(utf8(text)) for text in listed) / tokens
