"""The search of the Korean book finds nouns, whatever particle they carry."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

HERE = Path(__file__).parent
EXTENSION = HERE.parents[1] / "book" / "_ext" / "search_ko.py"
spec = importlib.util.spec_from_file_location("search_ko", EXTENSION)
assert spec is not None
assert spec.loader is not None
search_ko = importlib.util.module_from_spec(spec)
spec.loader.exec_module(search_ko)


def found(noun: str, sentence: str) -> bool:
    """As Sphinx's search does it: the whole word, or a part from three letters on."""
    terms = {term.lower() for term in search_ko.index_terms(sentence)}
    word = search_ko.stem(noun)
    return word in terms or (len(word) > 2 and any(word in term for term in terms))


def test_nouns_of_the_book_are_found():
    rows = json.loads((HERE / "nouns.json").read_text(encoding="utf-8"))
    hits = [found(noun, text) for text, nouns in rows for noun in nouns]

    assert len(hits) > 1000
    assert sum(hits) / len(hits) >= 0.97


@pytest.mark.parametrize("word", ["손실은", "손실을", "손실에서는", "손실"])
def test_a_particle_does_not_hide_a_noun(word: str):
    assert found("손실", f"이 {word} 작아집니다")


def test_the_query_may_carry_a_particle_itself():
    assert found("손실을", "손실은 작아집니다")


def test_a_noun_of_one_syllable_is_found():
    assert found("값", "값을 모읍니다")


def test_a_noun_in_another_word_is_not_found():
    assert not found("실험", "손실은 작아집니다")
    assert not found("지도", "자기지도학습")  # beginnings only, not middles


@pytest.mark.parametrize("word", ["평가", "주의", "차이"])
def test_a_noun_that_ends_like_a_particle_stays_whole(word: str):
    assert search_ko.stem(word) == word


def test_latin_words_beside_hangul_are_found():
    assert found("vit", "ViT는 토큰을 봅니다")
    assert found("clip", "CLIP과 SigLIP")


@pytest.mark.parametrize("noun", ["점수", "가중치", "온도", "손실", "값", "softmax"])
def test_the_built_index_holds_the_nouns_of_the_page(built, noun: str):
    script = built.page("ko/searchindex.js")
    index = json.loads(script[len("Search.setIndex(") : -1])

    assert noun in index["terms"] or noun in index["titleterms"]
