"""Search that finds Korean nouns: particles are stripped, beginnings are indexed.

Sphinx cuts text at spaces. A Korean noun carries its particle in the same word
(손실은, 손실을), so that a search for 손실 would find nothing. Here a word of Hangul is
indexed without its particle and with each of its beginnings from two syllables on; the
query, in the browser, is stripped in the same way.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.search import SearchLanguage

# Longest first: the first that fits is taken off, and two syllables must stay.
_LIST = """
으로부터 에서부터 로부터 에서는 에서도 에서의 에게서 이라는 이라고 이라면 으로는
으로도 으로써 으로서 까지는 까지의 까지도 부터는 부터의 만으로 에는 에도 에만
에서 에게 에의 으로 로는 로도 로서 로써 라는 라고 라면 까지 부터 보다 처럼 마다
만큼 이나 이란 이며 이고 이든 이라 이자 과는 과의 와는 와의 하고 조차 밖에 대로
뿐 입니다 이다 들은 들을 들의 들이 들과 들도 은 는 이 가 을 를 의 에 로 와 과 도
만 나 란 며 고 들
"""
PARTICLES = sorted(_LIST.split(), key=len, reverse=True)
WORDS = re.compile(r"[가-힣]+|[^\W가-힣]+")
_PARTICLE = re.compile(rf"^([가-힣]{{2,}}?)(?:{'|'.join(PARTICLES)})$")

_JS_SPLIT = r"""
function splitQuery(query) {
  return query.match(/[가-힣]+|(?:(?![가-힣])[\p{Letter}\p{Number}_])+/gu) || [];
}
"""
_JS_STEM = """
var Stemmer = function () {
  const ending = new RegExp("^([가-힣]{2,}?)(?:PARTICLES)$");
  this.stemWord = function (word) {
    const found = word.match(ending);
    return found ? found[1] : word;
  };
};
""".replace("PARTICLES", "|".join(PARTICLES))


def stem(word: str) -> str:
    """The word without its particle: 손실을 → 손실; Latin words in lower case."""
    found = _PARTICLE.match(word)
    return found.group(1) if found else word.lower()


def index_terms(text: str) -> list[str]:
    """Everything that this text should be found by."""
    terms: list[str] = []
    for word in WORDS.findall(text):
        terms.append(word)
        if "가" <= word[0] <= "힣":
            terms += [word[:end] for end in range(2, len(word))]
            if len(word) == 2 and word[1] in PARTICLES:
                terms.append(word[0])  # 값을: nouns of one syllable
    return terms


class SearchKorean(SearchLanguage):
    """Registered for `ko`; Sphinx writes its JavaScript half beside the index."""

    lang = "ko"
    language_name = "Korean"
    js_splitter_code = _JS_SPLIT
    js_stemmer_code = _JS_STEM

    def split(self, input: str) -> list[str]:
        return index_terms(input)

    def stem(self, word: str) -> str:
        # Beginnings must stay as they are: they are found by queries, letter by letter.
        return word.lower()


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_search_language(SearchKorean)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
