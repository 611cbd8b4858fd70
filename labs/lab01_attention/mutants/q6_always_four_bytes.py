"""
question: q6
ko: >-
  숫자 하나를 언제나 4바이트로 셌습니다. `float16`은 2바이트라서, 같은 예산에 더 큰
  이미지가 들어갑니다. `bytes_per_number`를 쓰세요.
en: >-
  You always count 4 bytes for a number. `float16` has 2, so a larger image fits into
  the same budget. Use `bytes_per_number`.
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
        mixing_macs=batch * 2 * T**2 * width,
        score_bytes=batch * heads * T**2 * 4,
    )


def largest_side(budget_bytes, patch, heads, batch=1, prefix=1, bytes_per_number=4):
    numbers = budget_bytes // (batch * heads * 4)
    tokens = math.isqrt(numbers)
    return math.isqrt(tokens - prefix) * patch
