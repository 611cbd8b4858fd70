"""Numbers that prose prints: value, unit, source, and the code that computes them.

`book/facts.yml` holds one entry a fact. Where the number can be computed, `expression`
says how, in terms of the library, and a test evaluates it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path("book/facts.yml")


@dataclass(frozen=True)
class Fact:
    """One number, with where it comes from."""

    key: str
    value: int | float | str
    source: str
    unit: str = ""
    expression: str = ""
    digits: int | None = None  # decimals that the source gives
    cite: str = ""  # key in references.bib

    def text(self, lang: str) -> str:
        """The value as prose prints it: thousands separated, the same in both."""
        if isinstance(self.value, str):
            return self.value
        if self.digits is not None:
            number = f"{self.value:,.{self.digits}f}"
        else:
            number = f"{self.value:,}"
        number = number.replace("-", "\N{MINUS SIGN}")
        return f"{number} {self.unit}".strip()


@lru_cache
def load_facts(root: Path) -> dict[str, Fact]:
    """All facts of the course.

    Raises:
        ValueError: if an entry lacks a value or a source, or has an unknown field.
    """
    path = root / FILE
    entries = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    facts = {}
    for key, entry in entries.items():
        if not isinstance(entry, dict) or not {"value", "source"} <= set(entry):
            raise ValueError(f"{FILE}: {key} needs a value and a source")
        try:
            facts[key] = Fact(key, **entry)
        except TypeError as error:
            raise ValueError(f"{FILE}: {key}: {error}") from None
    return facts


def fact(key: str, lang: str, root: Path) -> str:
    """The text of one fact.

    Raises:
        ValueError: if there is no such fact.
    """
    facts = load_facts(root)
    if key not in facts:
        raise ValueError(f"unknown fact {key!r}; add it to {FILE}")
    return facts[key].text(lang)


def compute(entry: Fact) -> Any:
    """Evaluate the expression of a fact with the library's budget functions at hand.

    Raises:
        ValueError: if the expression cannot be evaluated.
    """
    from vislearn.budget.parameters import count_parameters
    from vislearn.budget.tokens import count_tokens

    names = {
        "count_parameters": count_parameters,
        "count_tokens": count_tokens,
        "count_gmacs": count_gmacs,
        "round": round,
    }
    try:
        return eval(entry.expression, {"__builtins__": {}}, names)  # our own file
    except (NameError, SyntaxError, TypeError) as error:
        raise ValueError(f"{FILE}: {entry.key}: {error}") from None


def count_gmacs(name: str, **options: Any) -> float:
    """Multiply-adds of one image's forward pass, in billions: `budget.flops`."""
    from vislearn.budget.flops import count_flops

    return count_flops(name, **options) / 1e9
