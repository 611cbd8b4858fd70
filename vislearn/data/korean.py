"""Korean particles (josa): the form depends on how the word before them ends.

A Hangul syllable is one code point, counted from U+AC00 in steps of 28 final
consonants, so `(code - 0xAC00) % 28` is the final consonant and 0 means none
(Unicode Standard, section 3.12, "Conjoining Jamo Behavior").
"""

from __future__ import annotations

PARTICLES = {
    # particle as written in a template: (after a final consonant, after a vowel)
    "이/가": ("이", "가"),
    "은/는": ("은", "는"),
    "을/를": ("을", "를"),
    "과/와": ("과", "와"),
    "으로/로": ("으로", "로"),
}
_RIEUL = 8  # the final consonant ㄹ, after which (으)로 behaves as after a vowel


def final_consonant(word: str) -> int:
    """Return the number of the last syllable's final consonant, 0 for none.

    Raises:
        ValueError: if the word does not end in a Hangul syllable.
    """
    code = ord(word[-1]) - 0xAC00 if word else -1
    if not 0 <= code < 11172:
        raise ValueError(f"{word!r} does not end in a Hangul syllable")
    return code % 28


def with_particle(word: str, particle: str) -> str:
    """Append the right form of a particle: 별 + 이/가 → 별이, 고리 + 이/가 → 고리가.

    Args:
        word: ends in a Hangul syllable.
        particle: one of `PARTICLES`.

    Raises:
        ValueError: for another particle or another ending.
    """
    if particle not in PARTICLES:
        raise ValueError(f"particle {particle!r}: expected one of {list(PARTICLES)}")
    consonant = final_consonant(word)
    closed, opened = PARTICLES[particle]
    if consonant == 0 or (particle == "으로/로" and consonant == _RIEUL):
        return word + opened
    return word + closed
