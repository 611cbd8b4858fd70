# ruff: noqa: F821
"""
question: q1
ko: 최댓값을 빼지 않아 넘칩니다.
en: Without subtracting the maximum it overflows.
"""


def softmax(scores):
    raised = np.exp(scores)
    return raised / raised.sum(axis=-1, keepdims=True)
