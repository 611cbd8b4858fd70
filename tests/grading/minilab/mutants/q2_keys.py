# ruff: noqa: F821
"""
question: q2
ko: 값 대신 키를 평균했습니다.
en: You averaged the keys instead of the values.
"""


def attention(q, k, v):
    if q.shape[-1] != k.shape[-1]:
        raise ValueError("width")
    return softmax(q @ k.T / np.sqrt(q.shape[-1])) @ k
