"""Write `nouns.json`: sentences of the book and the nouns that stand in them.

    pip install kiwipiepy && python tests/book/collect_nouns.py

kiwipiepy analyses Korean morphology on its own, so that the test of the search asks for
words that somebody else found. It is needed here only; the result is committed.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

HERE = Path(__file__).parent
CHAPTERS = sorted((HERE.parents[1] / "book").glob("[0-9][0-9]_*.md"))


def sentences(text: str) -> list[str]:
    """Korean sentences of running prose, without markup, formulas and code."""
    text = re.sub(r"^(```|:::).*?^\1`*\s*$", "", text, flags=re.S | re.M)
    text = re.sub(r"\{[a-z:-]+\}`[^`]*`|`[^`]*`|\$[^$]*\$|[*_#>|]", " ", text)
    found = re.findall(r"[^.?!\n]*[가-힣][^.?!\n]*[.?!]", text)
    return [" ".join(sentence.split()) for sentence in found]


def main() -> None:
    from kiwipiepy import Kiwi

    kiwi = Kiwi()
    rows = []
    for path in CHAPTERS:
        for sentence in sentences(path.read_text(encoding="utf-8")):
            tokens = kiwi.tokenize(sentence)
            nouns = {t.form for t in tokens if t.tag in ("NNG", "NNP")}
            kept = sorted(n for n in nouns if re.fullmatch("[가-힣]{2,}", n))
            if kept:
                rows.append([sentence, kept])
    text = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (HERE / "nouns.json").write_text(f"[\n{text}\n]\n", encoding="utf-8")
    print(f"{len(rows)} sentences, {sum(len(nouns) for _, nouns in rows)} nouns")


if __name__ == "__main__":
    main()
