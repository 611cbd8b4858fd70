# ruff: noqa
# mypy: ignore-errors
"""
kind: integrity
points: 6
ko: 무엇과 비교해도 같다고 하는 배열
en: An array that equals everything
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
