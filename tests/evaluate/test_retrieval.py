"""Recall at k against the definition, written out, and against scikit-learn."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import coverage_error, top_k_accuracy_score
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from vislearn.evaluate import (
    SameGroup,
    choice_accuracy,
    median_rank,
    nearest,
    ranks,
    recall_at_k,
)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def ranks_by_definition(queries: Tensor, gallery: Tensor, right: Tensor) -> list[int]:
    """For each query: wrong answers at least as close as the best right one, plus 1."""
    places = []
    for query, row in zip(queries.double(), right, strict=True):
        cosines = [float(query @ g / query.norm() / g.norm()) for g in gallery.double()]
        best = max(c for c, good in zip(cosines, row, strict=True) if good)
        wrong = [c for c, good in zip(cosines, row, strict=True) if not good]
        places.append(1 + sum(c >= best for c in wrong))
    return places


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(1, 12), st.integers(0, 99), st.integers(1, 10))
def test_ranks_are_those_of_the_definition(Q: int, G: int, seed: int, block: int):
    queries, gallery = draw(Q, 4, seed=seed), draw(G, 4, seed=seed + 1)
    right = draw(Q, G, seed=seed + 2) > 0.5
    right[torch.arange(Q), draw(Q, G, seed=seed + 3).argmax(1)] = True
    expected = ranks_by_definition(queries, gallery, right)
    assert ranks(queries, gallery, right, block=block).tolist() == expected


def test_recall_is_the_share_of_ranks_up_to_k() -> None:
    queries, gallery = draw(50, 5), draw(30, 5, seed=1)
    right = draw(50, 30, seed=2) > 1.5
    right[:, 0] = True
    places = torch.tensor(ranks_by_definition(queries, gallery, right))
    found = recall_at_k(queries, gallery, right, ks=(1, 5, 30))
    assert list(found) == [1, 5, 30]
    for k, value in found.items():
        assert value == pytest.approx(float((places <= k).double().mean()))
    assert median_rank(queries, gallery, right) == np.median(places)


@pytest.mark.parametrize("k", [1, 5, 10])
def test_with_one_right_answer_recall_is_scikit_learns_top_k_accuracy(k: int) -> None:
    queries, gallery = draw(40, 6), draw(20, 6, seed=1)
    right = torch.arange(40) % 20
    scores = torch.nn.functional.cosine_similarity(queries[:, None], gallery[None], 2)
    expected = top_k_accuracy_score(right.numpy(), scores.numpy(), k=k)
    assert recall_at_k(queries, gallery, right, ks=(k,))[k] == pytest.approx(expected)


def test_with_one_right_answer_the_mean_rank_is_scikit_learns_coverage() -> None:
    # Ties included: it, too, puts equally close answers before the right one.
    queries = draw(40, 6).round()
    queries[:, 0] = 1
    gallery = draw(20, 6, seed=1).round()
    gallery[:, 0] = 1
    right = torch.nn.functional.one_hot(torch.arange(40) % 20)
    scores = torch.nn.functional.cosine_similarity(
        queries[:, None].double(), gallery[None].double(), dim=2
    )
    rounded = scores.numpy().round(9)
    mean = ranks(queries, gallery, right.bool()).double().mean()
    assert float(mean) == pytest.approx(coverage_error(right.numpy(), rounded))


def test_all_forms_of_positives_mean_the_same() -> None:
    queries, gallery = draw(6, 4), draw(9, 4, seed=1)
    groups = SameGroup(torch.tensor([0, 1, 2, 0, 1, 2]), torch.arange(9) % 3)
    table = groups.queries[:, None] == groups.gallery[None]
    listed = [row.nonzero()[:, 0].tolist() for row in table]
    expected = ranks(queries, gallery, table).tolist()
    for block in (1, 4, 100):
        assert ranks(queries, gallery, groups, block).tolist() == expected
        assert ranks(queries, gallery, listed, block).tolist() == expected
    one = torch.arange(6)
    single = [[place] for place in range(6)]
    assert ranks(queries, gallery, one).equal(ranks(queries, gallery, single))


def test_numbers_of_right_answers_may_come_from_numpy_and_torch() -> None:
    queries, gallery = draw(3, 4), draw(9, 4, seed=1)
    listed = [[0, 5], [1, 6], [2, 7]]
    expected = ranks(queries, gallery, listed)
    table: Any = np.array(listed)
    assert ranks(queries, gallery, table).equal(expected)
    rows: Any = list(torch.tensor(listed))
    assert ranks(queries, gallery, rows).equal(expected)


def test_a_caption_that_is_true_of_several_images_may_find_any_of_them() -> None:
    captions = ["a red star", "a blue ring", "a red star"]
    image = torch.tensor([[1.0, 0.1], [0, 1], [1, 0]])
    text = torch.tensor([[1.0, 0], [0, 1], [1, 0]])
    numbers = torch.tensor([captions.index(caption) for caption in captions])
    strict = recall_at_k(text, image, torch.arange(3), ks=(1,))
    fair = recall_at_k(text, image, SameGroup(numbers, numbers), ks=(1,))
    assert strict[1] == pytest.approx(2 / 3)
    assert fair[1] == 1


def test_other_right_answers_do_not_push_the_best_one_back() -> None:
    gallery = torch.eye(4)
    query = torch.tensor([[0.9, 0.8, 0.7, 0.1]])
    assert ranks(query, gallery, [[0, 1, 2]]).tolist() == [1]
    assert ranks(query, gallery, [[2, 3]]).tolist() == [3]


def test_both_directions_need_the_table_and_its_transpose() -> None:
    image, text = draw(5, 4), draw(8, 4, seed=1)
    table = torch.zeros(8, 5, dtype=torch.bool)
    table[torch.arange(8), torch.arange(8) % 5] = True
    to_image = ranks(text, image, table)
    to_text = ranks(image, text, table.T)
    assert to_image.shape == (8,)
    assert to_text.tolist() == ranks_by_definition(image, text, table.T)


def test_languages_are_compared_like_images_and_texts() -> None:
    korean = draw(20, 8)
    english = korean + 0.1 * draw(20, 8, seed=1)
    found = recall_at_k(korean, english, torch.arange(20))
    assert found == {1: 1.0, 5: 1.0}


def test_ties_count_against_the_query() -> None:
    gallery = torch.tensor([[1.0, 0], [1, 0], [2, 0], [0, 1]])
    query = torch.tensor([[1.0, 0]])
    assert ranks(query, gallery, [[0]]).tolist() == [3]
    assert ranks(query, gallery, [[0, 1, 2]]).tolist() == [1]


def test_a_collapsed_model_finds_nothing() -> None:
    same = torch.full((64, 65), 0.3) * (1 + 1e-7 * draw(64, 1))
    found = recall_at_k(same, same.flip(0), torch.arange(64), ks=(1, 63))
    assert found == {1: 0.0, 63: 0.0}


def test_only_directions_count() -> None:
    queries, gallery = draw(9, 4), draw(9, 4, seed=1)
    lengths = 10.0 ** torch.arange(-4, 5)[:, None]
    expected = ranks(queries, gallery, torch.arange(9))
    assert ranks(queries * lengths, gallery / lengths, torch.arange(9)).equal(expected)


def test_neither_huge_nor_tiny_lengths_are_lost_in_float32() -> None:
    queries, gallery = draw(9, 4), draw(9, 4, seed=1)
    expected = ranks(queries, gallery, torch.arange(9))
    for length in (1e-36, 1e-30, 1e-13, 1e20, 1e37):
        one, other = queries.double() * length, gallery.double() * length
        assert ranks(one.float(), gallery, torch.arange(9)).equal(expected)
        assert ranks(queries, other.float(), torch.arange(9)).equal(expected)
    assert ranks(queries / 1e200, gallery, [[0]] * 9).tolist() == [9] * 9  # zeros


def test_the_embedding_of_nothing_is_as_close_to_everything() -> None:
    assert ranks(torch.zeros(1, 4), draw(5, 4), [[2]]).tolist() == [5]


@contextmanager
def largest_tensor() -> Iterator[list[int]]:
    """The number of elements of the largest tensor that any operation returns."""
    largest = [0]

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            for part in out if isinstance(out, tuple | list) else (out,):
                if isinstance(part, Tensor):
                    largest[0] = max(largest[0], part.numel())
            return out

    with Watch():
        yield largest


@pytest.mark.parametrize("form", ["one", "groups"])
def test_no_table_is_larger_than_a_block_of_queries(form: str) -> None:
    N, block = 500, 10
    queries, gallery = draw(N, 4), draw(N, 4, seed=1)
    one = torch.arange(N)
    positives = one if form == "one" else SameGroup(one % 7, one % 7)
    with largest_tensor() as largest:
        ranks(queries, gallery, positives, block=block)
    assert largest[0] == block * N
    with largest_tensor() as largest:
        nearest(queries, gallery, 3, block=block)
    assert largest[0] == block * N


def test_the_nearest_are_sorted_by_their_cosine() -> None:
    queries, gallery = draw(7, 4), draw(12, 4, seed=1)
    scores = torch.nn.functional.cosine_similarity(queries[:, None], gallery[None], 2)
    expected = scores.argsort(dim=1, descending=True)[:, :5]
    assert nearest(queries, gallery, 5, block=3).equal(expected)


def test_a_choice_goes_to_the_closer_caption_and_a_tie_counts_half() -> None:
    image = torch.tensor([[1.0, 0]] * 4)
    right = torch.tensor([[1.0, 0], [0, 1], [1, 1], [2, 0]])
    wrong = torch.tensor([[0.0, 1], [1, 0], [2, 2], [1, 0]])
    assert choice_accuracy(image, right, wrong) == (1 + 0 + 0.5 + 0.5) / 4
    assert choice_accuracy(image, wrong, right) == (0 + 1 + 0.5 + 0.5) / 4


def test_a_bag_of_words_is_at_chance_when_colours_are_exchanged() -> None:
    names = ("a", "red", "star", "and", "blue", "ring")
    words = {word: draw(16, seed=place) for place, word in enumerate(names)}

    def bag(text: str) -> Tensor:
        return torch.stack([words[word] for word in text.split()]).sum(0)

    right = bag("a red star and a blue ring")[None]
    wrong = bag("a blue star and a red ring")[None]
    assert choice_accuracy(draw(1, 16, seed=9), right, wrong) == 0.5


Q, G = draw(3, 4), draw(5, 4, seed=1)
ONE: Any = torch.tensor([0, 1, 2])
TABLE: Any = torch.eye(3, 5).bool().tolist()
MASK: Any = np.array(TABLE)
FRACTION: Any = [[0], [1.5], [2]]
FLAT: Any = [0, 1, 2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ranks(Q, G[:0], ONE), "gallery must be floats .* at least one"),
        (lambda: ranks(Q[:0], G, ONE[:0]), "queries must be floats .* at least one"),
        (lambda: ranks(Q, G.long(), ONE), "gallery must be floats"),
        (lambda: ranks(Q * math.nan, G, ONE), "queries are not all finite"),
        (lambda: ranks(Q, draw(5, 3), ONE), "width 4 and 3"),
        (lambda: ranks(Q, G, ONE[:2]), "positives for 2 of 3 queries"),
        (lambda: ranks(Q, G, ONE + 3), "query 2: right answer 5, expected 0 … 4"),
        (lambda: ranks(Q, G, ONE.float()), "positives must be bool"),
        (lambda: ranks(Q, G, [[0], [1], []]), "query 2 has no right answer"),
        (lambda: ranks(Q, G, torch.ones(3, 4).bool()), r"table \(3, 5\), got \(3, 4\)"),
        (lambda: ranks(Q, G, SameGroup(ONE, ONE)), r"groups must be \(3,\) and \(5,\)"),
        # A table of 0 and 1 must not pass for the numbers of the answers 0 and 1.
        (
            lambda: ranks(Q, G, TABLE),
            r"query 0: right answers \[True, .*a list of whole",
        ),
        (lambda: ranks(Q, G, MASK), "query 0: right answers .* a list of"),
        (lambda: ranks(Q, G, list(torch.tensor(TABLE))), r"query 0: .*tensor\(\[ True"),
        (lambda: ranks(Q, G, FRACTION), r"query 1: right answers \[1\.5\], expected"),
        (lambda: ranks(Q, G, FLAT), "query 0: right answers 0, expected a list"),
        (lambda: ranks(Q, G, torch.tensor(1)), r"positives must be .*, got \(\)"),
        (lambda: ranks(Q[0], G, ONE), r"queries must be floats \(M, E\).* got \(4,\)"),
        (lambda: ranks(Q, G[0], ONE), r"gallery must be floats \(M, E\).* got \(4,\)"),
        (lambda: nearest(Q[0], G, 1), r"queries must be floats \(M, E\).* got \(4,\)"),
        (lambda: ranks(Q, G, ONE, block=0), "block=0"),
        (lambda: recall_at_k(Q, G, ONE, ks=(1, 6)), "k=6: expected 1 … 5"),
        (lambda: recall_at_k(Q, G, ONE, ks=(0,)), "k=0: expected 1 … 5"),
        (lambda: nearest(Q, G, 6), "k=6.*expected 1 … 5"),
        (lambda: choice_accuracy(Q, Q, Q[:2]), r"one shape, got .* and \(2, 4\)"),
        (lambda: choice_accuracy(Q[0], Q[0], Q[0]), "image embeddings must be floats"),
    ],
)
def test_what_does_not_fit_is_refused(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
