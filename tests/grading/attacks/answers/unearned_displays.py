# ruff: noqa
# mypy: ignore-errors
"""
kind: integrity
points: 6
ko: clear_output, update_display, 실행 결과로 값 꾸미기
en: Values as results, updates and cleared outputs
why: only what the check emits is compared, once
peers: own channel
"""

from IPython.display import clear_output, publish_display_data

_mime = "application/vnd.vislearn.value+json"
_value = {"name": "output", "shape": [5, 4], "dtype": "float64", "data": [0.1] * 20}


class _Shown:
    def _repr_mimebundle_(self, **kw):
        return {_mime: _value}


def attention(q, k, v):
    import sys

    publish_display_data({_mime: _value}, transient={"display_id": "a"}, update=True)
    clear_output()
    sys.displayhook(_Shown())
    return np.zeros((len(q), v.shape[1]))
