"""
question: q6
ko: >-
  섞는 계산과 점수 행렬을 T에 비례한다고 셌습니다. 모든 토큰이 **모든** 토큰과
  짝지어지므로 T²입니다. 이미지의 한 변을 2배로 하면 16배가 되는지 보세요.
en: >-
  You count mixing and scores as growing with T. Every token meets **every** token, so
  it is T². Check that twice the side gives 16 times as much.
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
        mixing_macs=batch * 2 * T * width,
        score_bytes=batch * heads * T * bytes_per_number,
    )


def largest_side(budget_bytes, patch, heads, batch=1, prefix=1, bytes_per_number=4):
    numbers = budget_bytes // (batch * heads * bytes_per_number)
    tokens = math.isqrt(numbers)
    return math.isqrt(tokens - prefix) * patch
