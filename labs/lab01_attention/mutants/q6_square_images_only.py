"""
question: q6
ko: >-
  이미지가 정사각형이라고 보고 (H / P)²로 셌습니다. 224 × 224에서는 맞지만, 영수증이나
  파노라마처럼 긴 이미지에서는 크게 틀립니다. 패치의 수는 (H / P) · (W / P)입니다.
en: >-
  You assumed a square image and counted (H / P)². This is right for 224 × 224 but far
  off for long images such as receipts or panoramas. The number of patches is (H / P)
  · (W / P).
"""

import math
from typing import NamedTuple


class Cost(NamedTuple):
    tokens: int
    projection_macs: int
    mixing_macs: int
    score_bytes: int


def attention_cost(image, patch, width, heads, batch=1, prefix=1, bytes_per_number=4):
    T = prefix + (image[0] // patch) ** 2
    return Cost(
        tokens=T,
        projection_macs=batch * 4 * T * width**2,
        mixing_macs=batch * 2 * T**2 * width,
        score_bytes=batch * heads * T**2 * bytes_per_number,
    )


def largest_side(budget_bytes, patch, heads, batch=1, prefix=1, bytes_per_number=4):
    numbers = budget_bytes // (batch * heads * bytes_per_number)
    tokens = math.isqrt(numbers)
    return math.isqrt(tokens - prefix) * patch
