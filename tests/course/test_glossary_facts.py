"""The glossary and the facts are complete, and the facts are what the code computes."""

from __future__ import annotations

from pathlib import Path

import pytest

from vislearn.course import facts, glossary
from vislearn.course.wording import judge

ROOT = Path(__file__).resolve().parents[2]
FACTS = facts.load_facts(ROOT)
TERMS = glossary.load_terms(ROOT)


def test_there_are_enough_terms_for_the_whole_course() -> None:
    assert len(TERMS) >= 150
    chapters = {term.since for term in TERMS.values()}
    assert {"00", "01", "02", "03", "05", "09", "10", "14", "16", "20"} <= chapters


def test_the_glossary_has_no_flaw() -> None:
    assert list(glossary.flaws(TERMS)) == []


def term(key: str, **fields) -> glossary.Term:
    given = {"ko": "가", "en": "a", "since": "02", **fields}
    definition = given.pop("definition", {"ko": "가입니다.", "en": "An a."})
    return glossary.Term(key, definition=definition, **given)


@pytest.mark.parametrize(
    ("terms", "flaw"),
    [
        ([term("a"), term("b", en="b")], "'가' is the ko name of two terms"),
        ([term("a", banned=("나",)), term("b", ko="나", en="b")], "a: '나' is banned"),
        ([term("b"), term("a", ko="나", en="b")], "a stands behind b"),
        ([term("A b")], "A b: a key is made of"),
        ([term("a", since="3")], "a: since is '3'"),
        ([term("a", definition={"ko": "가", "en": "An a."})], "a: a definition is a"),
        (
            [term("a", definition={"ko": "가입니다.", "en": "가."})],
            "the wrong language",
        ),
    ],
)
def test_flaws_of_a_glossary_are_named(terms, flaw: str) -> None:
    (found,) = glossary.flaws({term.key: term for term in terms})
    assert flaw in found


def test_the_first_mention_gives_both_languages() -> None:
    assert TERMS["attention"].first_mention() == "어텐션(attention)"
    assert TERMS["lora"].first_mention() == "LoRA"
    assert term("a", first="가(a, A)").first_mention() == "가(a, A)"


def test_definitions_use_no_banned_word() -> None:
    for entry in TERMS.values():
        for lang in ("ko", "en"):
            text = f"{entry.name(lang)} {entry.definition[lang]}"
            assert list(judge(text, lang, 1, ROOT)) == []


@pytest.mark.parametrize("key", [k for k, fact in FACTS.items() if fact.expression])
def test_a_fact_is_what_its_expression_computes(key: str) -> None:
    assert facts.compute(FACTS[key]) == FACTS[key].value


SIZES = {  # layers, width, MLP, patch: arXiv:2010.11929 Table 1, 2106.04560 Table 2
    "vit_ti16": (12, 192, 768, 16),
    "vit_s16": (12, 384, 1536, 16),
    "vit_b32": (12, 768, 3072, 32),
    "vit_b16": (12, 768, 3072, 16),
    "vit_l16": (24, 1024, 4096, 16),
    "vit_l14": (24, 1024, 4096, 14),
    "vit_h14": (32, 1280, 5120, 14),
    "vit_giant14": (40, 1408, 6144, 14),
    "vit_gigantic14": (48, 1664, 8192, 14),
}


@pytest.mark.parametrize("name", SIZES)
def test_parameters_follow_the_closed_form(name: str) -> None:
    layers, width, hidden, patch = SIZES[name]
    block = 4 * width**2 + 2 * width * hidden + 9 * width + hidden
    tokens = (224 // patch) ** 2 + 1
    rest = 3 * patch**2 * width + width + width + tokens * width + 2 * width
    bare = layers * block + rest
    assert FACTS[f"{name}.parameters"].value == bare
    assert FACTS[f"{name}.parameters_1000"].value == bare + 1000 * width + 1000


def test_an_expression_reaches_nothing_but_the_budget() -> None:
    for expression in ("open('x')", "__import__('os')", "count_tokens(", "round()"):
        with pytest.raises(ValueError, match=r"facts\.yml: a: "):
            facts.compute(facts.Fact("a", 1, "x", expression=expression))


def test_every_computable_fact_is_computed() -> None:
    for key, fact in FACTS.items():
        if "arithmetic" in fact.source or "built without weights" in fact.source:
            assert fact.expression, key


def test_every_fact_has_a_source() -> None:
    assert all(len(fact.source) > 5 for fact in FACTS.values())


def test_facts_print_the_decimals_of_their_source() -> None:
    assert facts.Fact("a", 0.64, "x", digits=4).text("ko") == "0.6400"
    assert facts.Fact("a", 85798656, "x").text("en") == "85,798,656"
    assert facts.Fact("a", -15.9, "x", digits=1).text("en") == "−15.9"  # a real minus
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
    (tmp_path / "book" / "glossary.yml").write_text("a: {ko: 가, en: a, ban: []}\n")
    with pytest.raises(ValueError, match="a: 'ban'; expected banned, definition"):
        glossary.load_terms(tmp_path)


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_glossary_page_lists_every_term_once(lang: str) -> None:
    page = glossary.glossary_page(lang, ROOT)
    names = [line for line in page.splitlines()[1:-1] if line and line[0] != " "]
    assert sorted(names) == sorted(term.name(lang) for term in TERMS.values())
    assert len(set(names)) == len(names)
