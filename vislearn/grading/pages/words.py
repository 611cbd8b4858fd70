"""What the pages after grading say, in both languages, from `words.yml`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

Say = Callable[..., str]
Texts = Mapping[str, Mapping[str, str]]


@functools.cache
def texts() -> Mapping[str, Texts]:
    """What `words.yml` holds: sentences (pages), limits, short reasons."""
    file = Path(__file__).with_name("words.yml")
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def speaker(lang: str) -> Say:
    """say(key, **values): a sentence of the pages in one language.

    Raises:
        ValueError: if the language is not "ko" or "en".
    """
    if lang not in ("ko", "en"):
        raise ValueError(f"language {lang!r}, expected 'ko' or 'en'")
    sentences = texts()["pages"]

    def say(key: str, **values: object) -> str:
        return sentences[key][lang].format(**values)

    return say


def name_of(kind: str, key: str, lang: str) -> str:
    """A limit or a reason in a word or two; an unknown one keeps its key."""
    return texts()[kind].get(key, {}).get(lang, key)
