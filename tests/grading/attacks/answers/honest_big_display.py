# ruff: noqa
# mypy: ignore-errors
"""
kind: honest
points: 10
ko: 9 MB짜리 그림 하나를 보이는 맞는 답안
en: A right answer that shows one figure of 9 MB
why: an animation is large, and within the budget of what may be shown
"""

from IPython.display import HTML, display

VISLEARN_RIGHT


_right = attention
_shown = []


def attention(q, k, v):
    if not _shown:
        _shown.append(display(HTML("<!-- " + "x" * (9 << 20) + " -->")))
    return _right(q, k, v)
