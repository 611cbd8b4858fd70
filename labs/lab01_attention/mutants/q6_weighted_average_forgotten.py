"""
question: q6
ko: >-
  섞는 계산에서 점수 QKᵀ만 세고, 가중치로 값을 평균하는 곱 AV를 빼먹었습니다. 둘 다
  T²D이므로 합하면 2T²D입니다.
en: >-
  In the mixing you count only the scores QKᵀ and forgot the product AV that averages
  the values. Each takes T²D, together 2T²D.
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
        mixing_macs=batch * T**2 * width,
        score_bytes=batch * heads * T**2 * bytes_per_number,
    )


def largest_side(budget_bytes, patch, heads, batch=1, prefix=1, bytes_per_number=4):
    numbers = budget_bytes // (batch * heads * bytes_per_number)
    tokens = math.isqrt(numbers)
    return math.isqrt(tokens - prefix) * patch
