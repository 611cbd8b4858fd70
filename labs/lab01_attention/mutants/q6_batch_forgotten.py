"""
question: q6
ko: >-
  배치 크기를 곱하지 않았습니다. 이미지마다 점수 행렬이 따로 있으므로, 배치를 2배로
  하면 메모리도 계산량도 2배입니다.
en: >-
  You did not multiply by the batch size. Every image has its own scores, so twice the
  batch means twice the memory and twice the work.
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
        projection_macs=4 * T * width**2,
        mixing_macs=2 * T**2 * width,
        score_bytes=heads * T**2 * bytes_per_number,
    )


def largest_side(budget_bytes, patch, heads, batch=1, prefix=1, bytes_per_number=4):
    numbers = budget_bytes // (heads * bytes_per_number)
    tokens = math.isqrt(numbers)
    return math.isqrt(tokens - prefix) * patch
