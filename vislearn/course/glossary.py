"""The words of the course in both languages, from `book/glossary.yml`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import yaml

FILE = Path("book/glossary.yml")
FIELDS = {"ko", "en", "since", "definition", "banned", "first"}
_HANGUL = re.compile(r"[가-힣]")


@dataclass(frozen=True)
class Term:
    """One entry: how it is called, what it means, and what it must not be called."""

    key: str
    ko: str
    en: str
    definition: Mapping[str, str]
    banned: tuple[str, ...] = ()
    since: str = ""  # number of the chapter that introduces the term
    first: str = ""

    def name(self, lang: str) -> str:
        return self.ko if lang == "ko" else self.en

    def first_mention(self) -> str:
        """How Korean prose introduces the term: 어텐션(attention)."""
        if self.first:
            return self.first
        return self.ko if self.ko == self.en else f"{self.ko}({self.en})"


@lru_cache
def load_terms(root: Path) -> dict[str, Term]:
    """All terms by key.

    Raises:
        ValueError: if an entry lacks a name or a definition in either language, or has
            an unknown field.
    """
    entries = yaml.safe_load((root / FILE).read_text(encoding="utf-8")) or {}
    return {key: _term(key, entry) for key, entry in entries.items()}


def _term(key: str, entry: Mapping[str, object]) -> Term:
    if not (entry.get("ko") and entry.get("en")):
        raise ValueError(f"{FILE}: {key} needs a name in ko and en")
    unknown = sorted(set(entry) - FIELDS)
    if unknown:
        expected = ", ".join(sorted(FIELDS))
        raise ValueError(f"{FILE}: {key}: {unknown[0]!r}; expected {expected}")
    definition = entry.get("definition")
    if not (isinstance(definition, dict) and {"ko", "en"} <= set(definition)):
        raise ValueError(f"{FILE}: {key} needs a definition in ko and en")
    banned = entry.get("banned") or ()
    if not isinstance(banned, list | tuple):
        raise ValueError(f"{FILE}: {key}: banned is {banned!r}; expected a list")
    return Term(
        key,
        str(entry["ko"]),
        str(entry["en"]),
        definition,
        tuple(str(word) for word in banned),
        str(entry.get("since", "")),
        str(entry.get("first", "")),
    )


def find_term(name: str, lang: str, root: Path) -> Term:
    """The term with that key or that name in the language.

    Raises:
        ValueError: if there is none.
    """
    terms = load_terms(root)
    if name in terms:
        return terms[name]
    for term in terms.values():
        if term.name(lang).casefold() == name.casefold():
            return term
    raise ValueError(f"unknown term {name!r}; add it to {FILE}")


def flaws(terms: Mapping[str, Term]) -> Iterator[str]:
    """What is wrong with the glossary as a whole."""
    for lang in ("ko", "en"):
        names = [term.name(lang).casefold() for term in terms.values()]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"{name!r} is the {lang} name of two terms"
    for term in terms.values():
        yield from (f"{term.key}: {flaw}" for flaw in _flaws_of(term))
        for word in term.banned:
            for other in terms.values():
                if word.casefold() in (other.ko.casefold(), other.en.casefold()):
                    yield f"{term.key}: {word!r} is banned, but {other.key} is so named"
    keys = list(terms)
    yield from (
        f"{key} stands behind {before}; keep the keys in order"
        for before, key in pairwise(keys)
        if key < before
    )


def _flaws_of(term: Term) -> Iterator[str]:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", term.key):
        yield "a key is made of small letters, digits and hyphens"
    if not re.fullmatch(r"\d\d", term.since):
        yield f"since is {term.since!r}; expected the number of a chapter, such as '03'"
    ko, en = term.definition["ko"], term.definition["en"]
    if not (ko.endswith("니다.") and en.endswith(".")):
        yield "a definition is a sentence, in Korean one that ends in 니다."
    if _HANGUL.search(en + term.en) or not _HANGUL.search(ko):
        yield "a definition is in the wrong language"


def glossary_page(lang: str, root: Path) -> str:
    """The `{glossary}` directive with every term, in alphabetical order."""
    terms = sorted(load_terms(root).values(), key=lambda t: t.name(lang).casefold())
    lines = ["```{glossary}"]
    for term in terms:
        other = term.en if lang == "ko" else term.ko
        lines += [term.name(lang), f"  {term.definition[lang]} ({other})", ""]
    return "\n".join([*lines[:-1], "```", ""])
