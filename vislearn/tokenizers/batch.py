"""Texts of different lengths as one tensor: start, tokens, end, then zeros.

Source: openai/CLIP `clip.tokenize`, which every dual encoder since has followed.
Tested against: open_clip, on texts that fit and texts that are cut (tests/parity).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index
from reprlib import repr as shortened

import torch
from torch import Tensor

PADDING = 0
TOO_LONG = ("error", "cut")


def to_batch(
    rows: Sequence[Sequence[int]],
    start: int,
    end: int,
    context: int,
    too_long: str = "error",
) -> Tensor:
    """Put token ids into rows of equal length.

    The end token must be the largest id: a text tower finds the place where it reads
    the text by `ids.argmax(dim=1)`, and after it there are only zeros.

    Args:
        rows: the ids of each text, without start and end.
        start, end: ids of the two marks.
        context: L, the length of every row.
        too_long: what happens to a text that does not fit: "error", or "cut", which
            keeps the first L − 1 ids and puts the end token last.

    Shapes:
        B rows -> (B, L), int64

    Raises:
        ValueError: if a text is too long, the context has no room for the two marks,
            `too_long` is unknown, or an id is above `end`.
    """
    if too_long not in TOO_LONG:
        raise ValueError(f"too_long must be 'error' or 'cut', got {too_long!r}")
    if context < 2:
        raise ValueError(f"context {context} has no room for the start and end tokens")
    batch = torch.full((len(rows), context), PADDING, dtype=torch.int64)
    for place, row in enumerate(rows):
        ids = [start, *row, end]
        if max(ids) > end:
            raise ValueError(f"the end token must have the largest id, got {end}")
        if len(ids) > context and too_long == "error":
            raise ValueError(
                f"text {place} has {len(ids)} tokens with start and end, which do not "
                f"fit the context of {context}; shorten it or pass too_long='cut'"
            )
        if len(ids) > context:
            ids = [*ids[: context - 1], end]
        batch[place, : len(ids)] = torch.tensor(ids)
    return batch


def as_texts(texts: str | Iterable[str]) -> list[str]:
    """One text or several, as a list.

    Raises:
        ValueError: if something among them is not a text.
    """
    if not isinstance(texts, Iterable):
        raise ValueError(
            f"expected a text or several, got {type(texts).__name__}: {texts!r}"
        )
    listed = [texts] if isinstance(texts, str) else list(texts)
    for text in listed:
        check_text(text)
    return listed


def check_text(text: object) -> None:
    """Raise a ValueError unless something is a str."""
    if not isinstance(text, str):
        raise ValueError(f"expected a text, got {type(text).__name__}: {text!r}")


def token_ids(ids: Iterable[int] | Tensor) -> list[int]:
    """The ids of one text as numbers.

    Raises:
        ValueError: if they are the ids of a batch, or not whole numbers.
    """
    try:
        return [index(token) for token in ids]
    except TypeError:
        raise ValueError(
            "expected the ids of one text, whole numbers (L,), of a batch each row by "
            f"itself; got {shortened(ids)}"
        ) from None
