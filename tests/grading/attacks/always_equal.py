# ruff: noqa
"""
points: 6
why: an object that equals everything is no value
"""


class Yes(np.ndarray):
    __array_priority__ = 1e9

    def __eq__(self, other):
        return True

    def __le__(self, other):
        return True

    def __bool__(self):
        return True


def attention(q, k, v):
    return np.zeros((len(q), v.shape[1])).view(Yes)
