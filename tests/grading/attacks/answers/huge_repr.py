# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: 표시하면 100 MB가 되는 객체
en: An object whose display is 100 MB long
why: what is shown has a budget
"""


class _Huge:
    def __repr__(self):
        return "x" * 10**8


def attention(q, k, v):
    display(_Huge())
    return np.zeros((len(q), v.shape[1]))
