"""The words of the shapes world in both languages."""

from __future__ import annotations

LANGUAGES = ("ko", "en")

SHAPE_WORDS = {
    "circle": "원",
    "square": "정사각형",
    "triangle": "삼각형",
    "diamond": "마름모",
    "cross": "십자가",
    "ring": "고리",
    "star": "별",
    "half-moon": "반달",
}
# Before a noun, and as a noun of its own.
COLOUR_WORDS = {
    "red": ("빨간", "빨간색"),
    "orange": ("주황색", "주황색"),
    "yellow": ("노란", "노란색"),
    "green": ("초록색", "초록색"),
    "blue": ("파란", "파란색"),
    "purple": ("보라색", "보라색"),
    "white": ("흰", "흰색"),
    "grey": ("회색", "회색"),
}
SIZE_WORDS = {"small": "작은", "large": "큰"}
# Korean names a place (왼쪽), English a preposition (to the left of).
SIDE_WORDS = {
    "left": ("왼쪽", "to the left of"),
    "right": ("오른쪽", "to the right of"),
    "above": ("위", "above"),
    "below": ("아래", "below"),
}


def check_language(language: str) -> None:
    """Raise a ValueError unless the language is "ko" or "en"."""
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r}: expected 'ko' or 'en'")


def noun_phrase(language: str, size: str | None, colour: str | None, shape: str) -> str:
    """Name an object without article: "큰 빨간 별", "large red star"."""
    if language == "ko":
        words = [
            SIZE_WORDS[size] if size else "",
            COLOUR_WORDS[colour][0] if colour else "",
            SHAPE_WORDS[shape],
        ]
    else:
        words = [size or "", colour or "", shape]
    return " ".join(word for word in words if word)


def article(phrase: str) -> str:
    """Put the English indefinite article before a phrase: "an orange star"."""
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def plural(shape: str) -> str:
    """Return the English plural: crosses, stars."""
    return f"{shape}es" if shape.endswith("s") else f"{shape}s"
