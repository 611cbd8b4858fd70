"""
question: q6
ko: >-
  사영을 3개(q, k, v)만 셌습니다. 헤드를 합친 다음 답을 섞는 출력 사영도 크기가 같은
  (D, D) 행렬입니다. 모두 4개이므로 4TD²입니다.
en: >-
  You count only 3 projections (q, k, v). The output projection, which mixes the
  answers of the heads after merging, is a (D, D) matrix as well. There are 4 in all,
  so 4TD².
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
        projection_macs=batch * 3 * T * width**2,
        mixing_macs=batch * 2 * T**2 * width,
        score_bytes=batch * heads * T**2 * bytes_per_number,
    )


def largest_side(budget_bytes, patch, heads, batch=1, prefix=1, bytes_per_number=4):
    numbers = budget_bytes // (batch * heads * bytes_per_number)
    tokens = math.isqrt(numbers)
    return math.isqrt(tokens - prefix) * patch
