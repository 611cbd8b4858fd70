"""Captions that are wrong by one exchange: does a model notice who has which colour?

    true        a large red star to the left of a large blue ring
    colours     a large blue star to the left of a large red ring
    shapes      a large red ring to the left of a large blue star
    places      a large blue ring to the left of a large red star
    relation    a large red star to the right of a large blue ring

The first three exchanges keep every word, so a model that only hears which words occur
cannot tell them from the truth (Winoground arXiv:2204.03162; "bags of words"
arXiv:2210.01936). The last one replaces a word by its opposite.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vislearn.data.captions import claims, say
from vislearn.data.scenes import Claim, is_true, things
from vislearn.data.wording import check_language

if TYPE_CHECKING:
    from vislearn.data.shapes import Batch

SWAPS = ("colours", "shapes", "places", "relation")
_OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above"}


def swapped(claim: Claim, swap: str) -> Claim | None:
    """The claim after one exchange; None if it speaks of one thing only.

    Raises:
        ValueError: for an exchange that is not in `SWAPS`.
    """
    if swap not in SWAPS:
        raise ValueError(f"swap {swap!r}: expected one of {SWAPS}")
    if claim.other is None or claim.where is None:
        return None
    first, other = claim.first, claim.other
    if swap == "relation":
        return replace(claim, where=_OPPOSITE[claim.where])
    if swap == "places":
        return Claim(other, claim.where, first)
    field = {"colours": "colour", "shapes": "shape"}[swap]
    return Claim(
        replace(first, **{field: getattr(other, field)}),
        claim.where,
        replace(other, **{field: getattr(first, field)}),
    )


def wrong_captions(
    batch: Batch, language: str, swap: str, kind: str = "phrase"
) -> list[str | None]:
    """A false caption for each scene; None where the exchange leaves it true.

    Of scenes with combos="seen", about a quarter of the captions whose colours or
    shapes are exchanged name a pair that is held out: a student of the seen pairs may
    reject these for being new, not for being false.

    Args:
        batch: from `World.sample`, with scenes of two objects or more.
        language: "ko" or "en"; both are wrong in the same way.
        swap: one of `SWAPS`.
        kind: "phrase" or "sentence", as in `batch.captions`.

    Returns:
        One entry per scene. None also where the caption speaks of one thing only.

    Raises:
        ValueError: for another language, exchange or kind.
    """
    check_language(language)
    if kind not in ("phrase", "sentence"):
        raise ValueError(f"kind {kind!r}: expected 'phrase' or 'sentence'")
    wrong: list[str | None] = []
    for claim, found in zip(claims(batch), things(batch), strict=True):
        change = swapped(claim, swap)
        false = change is not None and not is_true(change, found)
        wrong.append(say(change, language, kind) if change and false else None)
    return wrong
