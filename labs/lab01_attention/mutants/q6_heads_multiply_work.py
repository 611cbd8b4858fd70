"""
question: q6
ko: >-
  섞는 계산에 헤드의 수를 곱했습니다. 헤드가 h개인 것은 맞지만 하나의 너비가 D /
  h이므로 h는 상쇄됩니다. 헤드를 늘려도 곱셈-덧셈은 늘지 않습니다. 늘어나는 것은 점수
  행렬의 메모리입니다.
en: >-
  You multiply the mixing by the number of heads. There are h heads, but each is only
  D / h wide, so h cancels: more heads cost no more multiply-adds. What grows is the
  memory of the scores.
"""

import math
from typing import NamedTuple


class Cost(NamedTuple):
    tokens: int
    projection_macs: int
    mixing_macs: int
    score_bytes: int


def attention_cost(image, patch, width, heads, batch=1, prefix=1, bytes_per_number=4):
    T = prefix + (image[0] // patch) * (image[1] // patch)
    return Cost(
        tokens=T,
        projection_macs=batch * 4 * T * width**2,
        mixing_macs=batch * heads * 2 * T**2 * width,
        score_bytes=batch * heads * T**2 * bytes_per_number,
    )


def largest_side(budget_bytes, patch, heads, batch=1, prefix=1, bytes_per_number=4):
    numbers = budget_bytes // (batch * heads * bytes_per_number)
    tokens = math.isqrt(numbers)
    return math.isqrt(tokens - prefix) * patch
