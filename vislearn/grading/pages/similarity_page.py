"""similarity.html: which answers look alike, side by side, in each language.

It goes to instructors only: it shows learners' code, escaped. Names can be hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vislearn.grading.lab import Lab
from vislearn.grading.pages.render import other_language, percent, render, write_whole
from vislearn.grading.pages.similarity import SOLUTION, Match, Side, Similarity
from vislearn.grading.pages.words import Say, speaker

FILE = "similarity.html"
MOST = 100  # pairs, and answers like a public one, that a page shows
MOST_LINES = 400  # of one answer


def write_similarity(
    lab: Lab, found: Similarity, out: Path, *, hide_names: bool = False
) -> None:
    """Write similarity.html (Korean) and similarity.en.html into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    for lang, file in (("ko", FILE), other_language(FILE, "ko")):
        page = similarity_page(lab, found, lang, hide_names=hide_names)
        write_whole(out / file, page)


def similarity_page(
    lab: Lab, found: Similarity, lang: str, *, hide_names: bool = False
) -> str:
    """The report in one language."""
    say = speaker(lang)
    names = _names(found, say, hide_names)
    pairs = [
        {
            "names": (names[pair.first], names[pair.second]),
            "public": pair.public,
            "score": percent(pair.score),
            "shared": pair.shared,
            "matches": [
                _match(found, match, (pair.first, pair.second), names, say)
                for match in pair.matches
            ],
        }
        for pair in found.pairs[:MOST]
    ]
    public = []
    for hit in found.public[:MOST]:
        source = say("alternative", name=hit.source)
        if hit.source == SOLUTION:
            source = say("solution")
        both = {**names, hit.source: source}
        public.append(_match(found, hit.match, (hit.key, hit.source), both, say))
    return render(
        "similarity.html",
        lang,
        title=lab.title[lang],
        other=other_language(FILE, lang),
        settings=found.settings,
        hidden=hide_names,
        coverage=[(q, found.compared[q], found.short[q]) for q in found.compared],
        same_file=[[names[key] for key in keys] for keys in found.same_file],
        pairs=pairs,
        count=len(found.pairs),
        public=public,
        public_count=len(found.public),
    )


def _names(found: Similarity, say: Say, hidden: bool) -> dict[str, str]:
    """What a submission is called: its learner, and its file if there are several."""
    keys = sorted(found.students)
    if hidden:
        return {key: say("number", number=n) for n, key in enumerate(keys, 1)}
    often = list(found.students.values())
    return {
        key: student if often.count(student) == 1 else f"{student} ({key})"
        for key, student in found.students.items()
    }


def _match(
    found: Similarity,
    match: Match,
    keys: tuple[str, str],
    names: Mapping[str, str],
    say: Say,
) -> dict[str, Any]:
    first, second = (
        _side(side, found.codes[key, match.question], say)
        for side, key in zip((match.first, match.second), keys, strict=True)
    )
    return {
        "question": match.question,
        "score": percent(match.score),
        "jaccard": percent(match.jaccard),
        "shared": match.shared,
        "names": (names[keys[0]], names[keys[1]]),
        "first": first,
        "second": second,
    }


def _side(side: Side, code: str, say: Say) -> dict[str, Any]:
    shared = {n for begin, end in side.lines for n in range(begin, end + 1)}
    lines = code.splitlines()[:MOST_LINES]
    return {
        "about": say("share_of", own=side.own, share=percent(side.share)),
        "rows": [
            {"line": number, "text": text, "shared": number in shared}
            for number, text in enumerate(lines, 1)
        ],
    }
