# ruff: noqa
# mypy: ignore-errors
"""
kind: integrity
points: 6
ko: set_custom_exc로 모든 예외를 삼키기
en: Swallows every exception with set_custom_exc
why: a silent failure is still no value
"""

get_ipython().set_custom_exc((BaseException,), lambda *a, **k: None)


def attention(q, k, v):
    return np.zeros((len(q), v.shape[1]))
