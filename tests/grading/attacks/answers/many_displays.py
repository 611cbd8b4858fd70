# ruff: noqa
# mypy: ignore-errors
"""
kind: honest
points: 10
ko: 출력 메시지 2,000개
en: 2,000 displays
why: many messages lose nothing as long as they are within the budget
"""

from IPython.display import display

for number in range(2000):
    display(number)


def attention(q, k, v):
    if q.shape[-1] != k.shape[-1]:
        raise ValueError("width")
    return softmax(q @ k.T / np.sqrt(q.shape[-1])) @ v
