# ruff: noqa
"""
points: 6
why: comments of nbval decide nothing
"""


# NBVAL_SKIP
# NBVAL_IGNORE_OUTPUT
# NBVAL_RAISES_EXCEPTION
def attention(q, k, v):
    return np.zeros((len(q), v.shape[1]))
