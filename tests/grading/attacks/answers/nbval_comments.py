# ruff: noqa
# mypy: ignore-errors
"""
kind: integrity
points: 6
ko: nbval의 표시 주석
en: Marker comments of nbval
why: comments of nbval decide nothing
"""


# NBVAL_SKIP
# NBVAL_IGNORE_OUTPUT
# NBVAL_RAISES_EXCEPTION
def attention(q, k, v):
    return np.zeros((len(q), v.shape[1]))
