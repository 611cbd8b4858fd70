"""Byte-level BPE: nothing is lost, nothing depends on the order of the texts."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vislearn.tokenizers import BPE
from vislearn.tokenizers.batch import to_batch
from vislearn.tokenizers.bpe import (
    FIRST_BYTE,
    FIRST_MERGE,
    PATTERN,
    apply_merges,
    learn_merges,
    pieces,
)

TEXTS = [
    "a large red star below a small orange cross",
    "작은 주황색 십자가 아래에 있는 큰 빨간 별",
    "큰 빨간 별이 있습니다.",
    "There is a large red star.",
    "it's 2026, don't panic",
    "🌟 별 🌟",
] * 3
SMALL = BPE.train(TEXTS, vocab_size=400)
NO_TEXT: Any = None
ANY_TEXT = st.text() | st.text(
    alphabet="ab 별이큰🌟\u0301\u200d\0\n'_1½é ", max_size=40
)


@settings(deadline=None)
@given(ANY_TEXT)
@example("")
@example("\0")
@example("\u0301\u0308 \u0301")  # combining marks with nothing to combine with
@example("👩🏽‍🚀 🏳️‍🌈 🇰🇷")
@example("한국어")  # decomposed Hangul stays decomposed
@example("<start> <end>")
@example(" \t\n\r\x85\u2028  x  ")
def test_decoding_gives_back_every_text(text: str) -> None:
    ids = SMALL.encode(text)
    assert SMALL.decode(ids) == text
    assert all(FIRST_BYTE <= token < SMALL.start for token in ids)


@settings(deadline=None)
@given(ANY_TEXT)
def test_the_pieces_together_are_the_text(text: str) -> None:
    assert "".join(pieces(re.compile(PATTERN), text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a large star", ["a", " large", " star"]),
        ("큰 별이 있습니다.", ["큰", " 별이", " 있습니다", "."]),
        (
            "it's we're 'tis don't",
            ["it", "'s", " we", "'re", " '", "tis", " don", "'t"],
        ),
        ("12345 7", ["123", "45", " 7"]),
        ("a   b\n", ["a", "  ", " b", "\n"]),
        ("snake_case", ["snake", "_", "case"]),
        ("별!? ☆", ["별", "!?", " ☆"]),
    ],
)
def test_words_take_the_space_before_them_along(text: str, expected: list[str]) -> None:
    assert pieces(re.compile(PATTERN), text) == expected


def plainly_learned(words: dict[bytes, int], most: int) -> list[tuple[int, int]]:
    """Algorithm 1 of the paper, counting everything anew for each merge."""
    spelled = {tuple(FIRST_BYTE + b for b in word): n for word, n in words.items()}
    merges: list[tuple[int, int]] = []
    while len(merges) < most:
        count: Counter[tuple[int, int]] = Counter()
        for word, times in spelled.items():
            for pair in pairwise(word):
                count[pair] += times
        best = min(count, key=lambda pair: (-count[pair], pair), default=None)
        if best is None or count[best] < 2:
            break
        new = {best: FIRST_MERGE + len(merges)}
        merges.append(best)
        shorter: Counter[tuple[int, ...]] = Counter()
        for word, times in spelled.items():
            shorter[tuple(apply_merges(list(word), new))] += times
        spelled = dict(shorter)
    return merges


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.binary(min_size=1, max_size=8) | st.text("ab", min_size=1).map(str.encode),
        st.integers(1, 5),
        max_size=12,
    )
)
@example({b"aaaa": 2, b"aaaaa": 1})
def test_counting_only_what_changed_learns_the_same_merges(words) -> None:
    assert learn_merges(words, 30, 2) == plainly_learned(words, 30)


def test_the_merges_of_a_worked_example() -> None:
    # a b occurs 4 times and b c 3 times; once ab is a token, ab c is the most frequent.
    bpe = BPE.train(["ab abc abc", "abc"], vocab_size=FIRST_MERGE + 2 + 2)
    assert [bpe.token_bytes(FIRST_MERGE + i) for i in range(2)] == [b"ab", b"abc"]
    assert bpe.encode("abcab") == [FIRST_MERGE + 1, FIRST_MERGE]


def test_the_order_of_the_texts_does_not_matter() -> None:
    shuffled = list(TEXTS)
    random.Random(0).shuffle(shuffled)
    assert BPE.train(shuffled, vocab_size=400).merges == SMALL.merges


def test_frequent_words_become_one_token_and_rare_ones_do_not() -> None:
    assert len(SMALL.encode("a large red star")) == 4
    assert len(SMALL.encode(" 빨간")) == 1
    assert len(SMALL.encode("쀍")) == len("쀍".encode())


def test_a_larger_vocabulary_starts_with_the_merges_of_the_smaller() -> None:
    smaller = BPE.train(TEXTS, vocab_size=300)
    assert smaller.vocab_size == 300
    assert SMALL.merges[: len(smaller.merges)] == smaller.merges


def test_the_vocabulary_ends_early_when_no_pair_occurs_twice() -> None:
    bpe = BPE.train(["abc"], vocab_size=1000)
    assert bpe.merges == []
    assert bpe.vocab_size == FIRST_MERGE + 2
    assert BPE.train(["abc"], vocab_size=1000, min_count=1).vocab_size > bpe.vocab_size


def test_the_end_token_has_the_largest_id_and_padding_is_no_text() -> None:
    assert SMALL.end == SMALL.vocab_size - 1 == SMALL.start + 1
    for text in ("", "\0", "plain", "별"):
        assert 0 not in SMALL.encode(text)


def test_a_batch_is_start_tokens_end_and_zeros() -> None:
    ids = SMALL(["a large red star", ""], context=8)
    assert ids.dtype == torch.int64
    assert ids[0].tolist() == [
        SMALL.start, *SMALL.encode("a large red star"), SMALL.end, 0, 0
    ]  # fmt: skip
    assert ids[1].tolist() == [SMALL.start, SMALL.end, 0, 0, 0, 0, 0, 0]
    assert ids.argmax(dim=1).tolist() == [5, 1]
    assert SMALL("a large red star", context=8).equal(ids[:1])
    assert SMALL([], context=8).shape == (0, 8)


def test_the_text_of_a_row_can_be_read_back() -> None:
    text = "큰 빨간 별이 있습니다."
    assert SMALL.decode(SMALL(text)[0]) == text


def test_a_text_that_just_fits_is_not_cut() -> None:
    text = "a large red star"
    assert SMALL(text, context=6).equal(SMALL(text, context=6, too_long="cut"))


def test_a_text_that_is_too_long_is_refused_or_cut() -> None:
    text = "a large red star below"
    with pytest.raises(ValueError, match=r"text 1 has 7 tokens.*context of 6"):
        SMALL(["", text], context=6)
    row = SMALL(text, context=6, too_long="cut")[0]
    assert row.tolist() == [SMALL.start, *SMALL.encode(text)[:4], SMALL.end]


def test_an_end_token_that_is_not_the_largest_is_refused() -> None:
    with pytest.raises(ValueError, match="end token must have the largest id, got 5"):
        to_batch([[1, 9]], start=4, end=5, context=8)


def test_special_tokens_in_a_text_are_ordinary_text() -> None:
    assert SMALL.end not in SMALL.encode("<end>")
    assert SMALL.decode([SMALL.start, *SMALL.encode("<end>"), SMALL.end]) == "<end>"


def test_more_special_tokens_have_ids_of_their_own() -> None:
    bpe = BPE.train(TEXTS, vocab_size=300, special=("<start>", "<image>", "<end>"))
    assert bpe.vocab_size == 300
    assert list(bpe.special.values()) == [297, 298, 299]
    assert (bpe.start, bpe.end) == (297, 299)


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    half = SMALL.encode("쀍")[:2]
    assert SMALL.decode(half) == "\ufffd"


def test_a_saved_vocabulary_is_the_same_when_loaded(tmp_path: Path) -> None:
    file = tmp_path / "words.json"
    bpe = BPE.train(TEXTS, vocab_size=300, special=("<s>", "<e>"), pattern=r"\S+|\s+")
    bpe.save(file)
    again = BPE.load(file)
    assert vars(again) == vars(BPE(bpe.merges, ("<s>", "<e>"), r"\S+|\s+"))
    assert again("큰 별", context=20).equal(bpe("큰 별", context=20))
    first = file.read_bytes()
    again.save(file)
    assert file.read_bytes() == first


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[1]", b"\xff\xfe", json.dumps({"format": "bpe/9"}).encode()],
)
def test_another_file_is_not_loaded(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other.json"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"other\.json is not a vocabulary"):
        BPE.load(file)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("merges", None),
        ("merges", 3),
        ("merges", [[1]]),
        ("merges", [["a", "b"]]),
        ("special", None),
        ("special", 3),
        ("pattern", None),
        ("pattern", 3),
        ("pattern", "("),
    ],
)
def test_a_broken_vocabulary_is_not_loaded(tmp_path: Path, part: str, value) -> None:
    file = tmp_path / "broken.json"
    SMALL.save(file)
    content = json.loads(file.read_text())
    del content[part]
    if value is not None:
        content[part] = value
    file.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"broken\.json"):
        BPE.load(file)


def test_rows_of_a_batch_are_decoded_one_by_one() -> None:
    batch = SMALL(["a large red star", "큰 별"], context=8)
    assert [SMALL.decode(row) for row in batch] == ["a large red star", "큰 별"]
    refused: list[Any] = [batch, batch[:1], batch.tolist(), torch.tensor(3), 3, None]
    for wrong in [*refused, "ab", [3.7]]:
        with pytest.raises(ValueError, match=r"ids of one text, .*got"):
            SMALL.decode(wrong)
    assert SMALL.decode(iter(SMALL.encode("큰 별"))) == "큰 별"
    assert SMALL.decode(batch[1].numpy()) == "큰 별"


@pytest.mark.parametrize("token", [-1, SMALL.vocab_size])
def test_an_unknown_id_is_refused(token: int) -> None:
    expected = f"token id {token}: expected 0 … {SMALL.vocab_size - 1}"
    with pytest.raises(ValueError, match=expected):
        SMALL.decode([token])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BPE.train([], 300), "no text to learn from"),
        (lambda: BPE.train(["", ""], 300), "no text to learn from"),
        (lambda: BPE.train(["a"], 258), "at least 259 .*got 258"),
        (lambda: BPE.train(["a", NO_TEXT], 300), "expected a text, got NoneType"),
        (lambda: BPE([(1, 257)]), "merge 0 joins 1 and 257, but only the ids 1 … 256"),
        (lambda: BPE([(0, 1)]), "merge 0 joins 0 and 1"),
        (lambda: BPE([], special="ab"), "at least two different special .* got 'ab'"),
        (lambda: BPE([], pattern="("), r"pattern '\(': .*unterminated"),
        (lambda: SMALL(NO_TEXT), "expected a text or several, got NoneType: None"),
        (lambda: BPE([], special=("<end>",)), "at least two different special"),
        (lambda: BPE([], special=("<e>", "<e>")), "at least two different special"),
        (lambda: SMALL.encode(NO_TEXT), "expected a text, got NoneType"),
        (lambda: SMALL.encode("a b\ud83d"), r"'\\ud83d' in .* is half of a surrogate"),
        (lambda: SMALL(["a", NO_TEXT]), "expected a text, got NoneType"),
        (lambda: SMALL("a", context=1), "context 1 has no room"),
        (lambda: SMALL("a", too_long="wrap"), "'error' or 'cut', got 'wrap'"),
        (lambda: BPE([], pattern=r"\w+").encode("a b"), "drops a part of 'a b'"),
    ],
)
def test_what_does_not_fit_is_refused(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
