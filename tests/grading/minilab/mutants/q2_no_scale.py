# ruff: noqa: F821
"""
question: q2
ko: √d로 나누지 않았습니다.
en: You did not divide by the root of the width.
"""


def attention(q, k, v):
    if q.shape[-1] != k.shape[-1]:
        raise ValueError("width")
    return softmax(q @ k.T) @ v
