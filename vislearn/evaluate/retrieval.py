"""Finding the picture for a text, and the text for a picture.

Papers: recall at k over several right answers as in CLIP, arXiv:2103.00020, Table 13,
and the Flickr30k and COCO tests before it; the choice between two captions as in
Winoground, arXiv:2204.03162, and ARO, arXiv:2210.01936.

    text_to_image = recall_at_k(text, image, positives)
    image_to_text = recall_at_k(image, text, positives.T)
    korean_to_english = recall_at_k(ko, en, torch.arange(len(ko)))  # across languages

A query is found at k if one of its right answers is among the k closest. A caption that
is true of several images has as many right answers: counting only the image it was
written for punishes a model for being right (`SameGroup`).

Ties count against the query: wrong answers that are as close as the best right one
(within `vislearn.evaluate.cosine.TIE`) come before it. A model that gives everything
the same embedding finds nothing.

Kept small: the table of all cosines is made a block of queries at a time.
Tested against: the definition, written out, and scikit-learn (tests/evaluate).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import index
from reprlib import repr as shortened

import torch
from torch import Tensor

from vislearn.evaluate.cosine import TIE, check_width, directions

BLOCK = 256  # queries; with 50,000 answers, 51 MB of float32


@dataclass(frozen=True)
class SameGroup:
    """Right is every answer with the number of the query (`Pairs.groups`).

    Shapes:
        queries (Q,) int64, gallery (G,) int64
    """

    queries: Tensor
    gallery: Tensor


# Which answers are right for each query, in one of these forms:
#   bool (Q, G)                 a table
#   int64 (Q,)                  the one right answer
#   lists of numbers            several for each query, as many as there are
#   SameGroup                   equal numbers; needs no table
Positives = Tensor | Sequence[Sequence[int]] | SameGroup


def ranks(
    queries: Tensor, gallery: Tensor, positives: Positives, block: int = BLOCK
) -> Tensor:
    """Place of the best right answer of each query, 1 being the first.

    Other right answers do not push it back.

    Args:
        queries, gallery: embeddings; only their direction counts.
        positives: what is right, see `Positives`.
        block: queries at a time; changes memory, not the result.

    Shapes:
        queries (Q, E), gallery (G, E) -> (Q,), int64, on the CPU

    Raises:
        ValueError: if embeddings are none, not finite or of different width, if the
            positives do not fit, or a query has none.
    """
    if block < 1:
        raise ValueError(f"block={block}: expected at least 1")
    asked = directions(queries, "queries")
    answers = directions(gallery, "gallery").to(asked)
    check_width(asked, answers)
    rows = _rows(positives, len(asked), len(answers))
    places = torch.empty(len(asked), dtype=torch.int64)
    for first in range(0, len(asked), block):
        last = min(first + block, len(asked))
        right = rows(first, last).to(asked.device)  # (b, G)
        lonely = (~right.any(dim=1)).nonzero()
        if len(lonely):
            raise ValueError(f"query {first + int(lonely[0])} has no right answer")
        scores = asked[first:last] @ answers.T  # (b, G)
        best = scores.masked_fill(~right, -2).amax(dim=1, keepdim=True)
        ahead = (scores > best - TIE) & ~right
        places[first:last] = 1 + ahead.sum(dim=1)
    return places


def recall_at_k(
    queries: Tensor,
    gallery: Tensor,
    positives: Positives,
    ks: Sequence[int] = (1, 5),
    block: int = BLOCK,
) -> dict[int, float]:
    """Share of queries with a right answer among the k closest, for each k.

    Args:
        queries, gallery, positives, block: see `ranks`.
        ks: how many answers may be looked at.

    Shapes:
        queries (Q, E), gallery (G, E) -> k -> number from 0 to 1

    Raises:
        ValueError: as `ranks`, and for a k outside of 1 … G.
    """
    for k in ks:
        if not 1 <= k <= len(gallery):
            raise ValueError(f"k={k}: expected 1 … {len(gallery)}, the gallery's size")
    places = ranks(queries, gallery, positives, block)
    return {k: float((places <= k).double().mean()) for k in ks}


def median_rank(
    queries: Tensor, gallery: Tensor, positives: Positives, block: int = BLOCK
) -> float:
    """The rank that half of the queries reach; 1 is the best.

    Raises:
        ValueError: as `ranks`.
    """
    places = ranks(queries, gallery, positives, block).double().sort().values
    middle = (len(places) - 1) // 2
    return float((places[middle] + places[len(places) // 2]) / 2)


def nearest(queries: Tensor, gallery: Tensor, k: int, block: int = BLOCK) -> Tensor:
    """The k closest answers of each query, closest first.

    Shapes:
        queries (Q, E), gallery (G, E) -> (Q, k), int64, on the CPU

    Raises:
        ValueError: as `recall_at_k`.
    """
    if block < 1 or not 1 <= k <= len(gallery):
        raise ValueError(f"k={k}, block={block}: expected 1 … {len(gallery)}, and 1 …")
    asked = directions(queries, "queries")
    answers = directions(gallery, "gallery").to(asked)
    check_width(asked, answers)
    parts = [(part @ answers.T).topk(k).indices.cpu() for part in asked.split(block)]
    return torch.cat(parts)


def choice_accuracy(image: Tensor, right: Tensor, wrong: Tensor) -> float:
    """How often the true caption is closer to the image than the wrong one.

    Chance is 0.5: a tie counts half. With the colours of two objects exchanged in the
    wrong caption, it shows whether a model knows which colour belongs to which shape.

    Shapes:
        image (M, E), right (M, E), wrong (M, E) -> a number from 0 to 1

    Raises:
        ValueError: if the three are not of one shape (M, E), or not finite.
    """
    if not image.shape == right.shape == wrong.shape:
        raise ValueError(
            f"image, right and wrong must have one shape, got {tuple(image.shape)}, "
            f"{tuple(right.shape)} and {tuple(wrong.shape)}"
        )
    seen = directions(image, "image embeddings")
    true = (seen * directions(right, "right captions")).sum(dim=1)
    false = (seen * directions(wrong, "wrong captions")).sum(dim=1)
    margin = true - false  # (M,)
    return float(((margin > -TIE).double() + (margin > TIE).double()).mean() / 2)


def _rows(
    positives: Positives, queries: int, answers: int
) -> Callable[[int, int], Tensor]:
    """A function from a range of queries to their rows of the table (b, G) of right."""
    if isinstance(positives, SameGroup):
        return _rows_of_groups(positives, queries, answers)
    if isinstance(positives, Tensor) and positives.dtype == torch.bool:
        if positives.shape != (queries, answers):
            raise ValueError(
                f"positives must be a table ({queries}, {answers}), "
                f"got {tuple(positives.shape)}"
            )
        return lambda first, last: positives[first:last]
    if isinstance(positives, Tensor) and (
        positives.ndim != 1 or positives.is_floating_point()
    ):
        raise ValueError(
            "positives must be bool (Q, G), int64 (Q,), lists or SameGroup, "
            f"got {tuple(positives.shape)} {positives.dtype}"
        )
    if len(positives) != queries:
        raise ValueError(f"positives for {len(positives)} of {queries} queries")
    if isinstance(positives, Tensor):
        listed = [[place] for place in positives.tolist()]
    else:
        listed = [_numbers(query, places) for query, places in enumerate(positives)]
    return _rows_of_lists(listed, answers)


def _numbers(query: int, places: Sequence[int]) -> list[int]:
    """The right answers of a query; a row of a table would pass for 0 and 1."""
    listed = places.tolist() if isinstance(places, Tensor) else places
    try:
        if not any(isinstance(place, bool) for place in listed):
            return [index(place) for place in listed]
    except TypeError:  # not a list, or not of whole numbers
        pass
    raise ValueError(
        f"query {query}: right answers {shortened(places)}, expected a list of whole "
        "numbers (only a bool tensor can be a table)"
    )


def _rows_of_groups(
    groups: SameGroup, queries: int, answers: int
) -> Callable[[int, int], Tensor]:
    asked, given = groups.queries, groups.gallery
    if asked.shape != (queries,) or given.shape != (answers,):
        raise ValueError(
            f"groups must be ({queries},) and ({answers},), "
            f"got {tuple(asked.shape)} and {tuple(given.shape)}"
        )
    return lambda first, last: asked[first:last, None] == given


def _rows_of_lists(
    listed: list[list[int]], answers: int
) -> Callable[[int, int], Tensor]:
    for query, places in enumerate(listed):
        for place in places:
            if not 0 <= place < answers:
                raise ValueError(
                    f"query {query}: right answer {place}, expected 0 … {answers - 1}"
                )

    def rows(first: int, last: int) -> Tensor:
        table = torch.zeros(last - first, answers, dtype=torch.bool)
        for row, places in enumerate(listed[first:last]):
            table[row, places] = True
        return table

    return rows
