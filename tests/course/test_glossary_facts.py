"""The glossary and the facts are complete, and the facts are what the code computes."""

from __future__ import annotations

from pathlib import Path

import pytest

from vislearn.course import facts, glossary

ROOT = Path(__file__).resolve().parents[2]
FACTS = facts.load_facts(ROOT)
TERMS = glossary.load_terms(ROOT)


def test_there_are_enough_terms_for_the_first_part() -> None:
    assert len(TERMS) >= 60


@pytest.mark.parametrize("key", [k for k, fact in FACTS.items() if fact.expression])
def test_a_fact_is_what_its_expression_computes(key: str) -> None:
    assert facts.compute(FACTS[key]) == FACTS[key].value


def test_every_fact_has_a_source() -> None:
    assert all(len(fact.source) > 5 for fact in FACTS.values())


def test_facts_print_the_decimals_of_their_source() -> None:
    assert facts.Fact("a", 0.64, "x", digits=4).text("ko") == "0.6400"
    assert facts.Fact("a", 85798656, "x").text("en") == "85,798,656"
    assert facts.Fact("a", 84.15, "x", unit="%", digits=2).text("ko") == "84.15 %"


def test_unknown_keys_are_named() -> None:
    with pytest.raises(ValueError, match="unknown fact 'vit_b17'"):
        facts.fact("vit_b17", "ko", ROOT)
    with pytest.raises(ValueError, match="unknown term 'atention'"):
        glossary.find_term("atention", "en", ROOT)


def test_an_incomplete_entry_is_refused(tmp_path) -> None:
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "facts.yml").write_text("a: {value: 1}\n")
    with pytest.raises(ValueError, match="a needs a value and a source"):
        facts.load_facts(tmp_path)
    (tmp_path / "book" / "glossary.yml").write_text("a: {ko: 가, en: a}\n")
    with pytest.raises(ValueError, match="a needs a definition"):
        glossary.load_terms(tmp_path)


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_glossary_page_lists_every_term_once(lang: str) -> None:
    page = glossary.glossary_page(lang, ROOT)
    names = [line for line in page.splitlines()[1:-1] if line and line[0] != " "]
    assert sorted(names) == sorted(term.name(lang) for term in TERMS.values())
    assert len(set(names)) == len(names)


def test_no_term_is_named_by_a_banned_word() -> None:
    banned = {word for term in TERMS.values() for word in term.banned}
    assert not banned & {name for t in TERMS.values() for name in (t.ko, t.en)}
