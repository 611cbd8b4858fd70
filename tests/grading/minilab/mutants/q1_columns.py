# ruff: noqa: F821
"""
question: q1
ko: 쿼리 축으로 정규화했습니다.
en: You normalised over the queries.
"""


def softmax(scores):
    raised = np.exp(scores - scores.max(axis=0, keepdims=True))
    return raised / raised.sum(axis=0, keepdims=True)
