"""The words of the course in both languages, from `book/glossary.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import yaml

FILE = Path("book/glossary.yml")


@dataclass(frozen=True)
class Term:
    """One entry: how it is called, what it means, and what it must not be called."""

    key: str
    ko: str
    en: str
    definition: Mapping[str, str]
    banned: tuple[str, ...] = field(default_factory=tuple)
    since: str = ""

    def name(self, lang: str) -> str:
        return self.ko if lang == "ko" else self.en

    def first_mention(self) -> str:
        """How Korean prose introduces the term: 어텐션(attention)."""
        return f"{self.ko}({self.en})"


@lru_cache
def load_terms(root: Path) -> dict[str, Term]:
    """All terms by key.

    Raises:
        ValueError: if an entry lacks a name or a definition in either language.
    """
    entries = yaml.safe_load((root / FILE).read_text(encoding="utf-8")) or {}
    terms = {}
    for key, entry in entries.items():
        definition = entry.get("definition", {})
        if not (entry.get("ko") and entry.get("en")):
            raise ValueError(f"{FILE}: {key} needs a name in ko and en")
        if not (definition.get("ko") and definition.get("en")):
            raise ValueError(f"{FILE}: {key} needs a definition in ko and en")
        banned = tuple(entry.get("banned", ()))
        terms[key] = Term(
            key, entry["ko"], entry["en"], definition, banned, entry.get("since", "")
        )
    return terms


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


def glossary_page(lang: str, root: Path) -> str:
    """The `{glossary}` directive with every term, in alphabetical order."""
    terms = sorted(load_terms(root).values(), key=lambda t: t.name(lang).casefold())
    lines = ["```{glossary}"]
    for term in terms:
        other = term.en if lang == "ko" else term.ko
        lines += [term.name(lang), f"  {term.definition[lang]} ({other})", ""]
    return "\n".join([*lines[:-1], "```", ""])
