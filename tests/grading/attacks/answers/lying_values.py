# ruff: noqa
# mypy: ignore-errors
"""
kind: integrity
points: 6
ko: 읽을 때마다 다른 값을 내놓는 객체
en: An object that tells another value every time
why: one value is taken, and it is wrong
"""


class Liar:
    shape, dtype = (5, 4), np.dtype("float64")

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return np.random.normal(size=self.shape)

    def __array__(self, *args, **kw):
        return self.numpy()

    def __eq__(self, other):
        return True

    __le__ = __lt__ = __ge__ = __gt__ = __eq__

    def __bool__(self):
        return True

    def __sub__(self, other):
        return Liar()

    __rsub__ = __abs__ = lambda self, *other: Liar()

    def __iter__(self):
        return iter(self.numpy())

    def all(self, *args, **kw):
        return True


def attention(q, k, v):
    return Liar()
