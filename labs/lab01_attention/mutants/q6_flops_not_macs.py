"""
question: q6
ko: >-
  곱셈과 덧셈을 따로 세어 모두 2배가 되었습니다. 그것은 FLOPs입니다. 논문의 표에
  'GFLOPs'라고 적고 실제로는 곱셈-덧셈을 센 경우가 많으니, 두 수를 비교하기 전에
  무엇을 셌는지 확인하세요.
en: >-
  You count multiplications and additions separately, so everything is 2 times too
  large. Those are FLOPs. Many papers print 'GFLOPs' and mean multiply-adds: before
  you compare such numbers, find out what was counted.
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
        projection_macs=batch * 8 * T * width**2,
        mixing_macs=batch * 4 * T**2 * width,
        score_bytes=batch * heads * T**2 * bytes_per_number,
    )


def largest_side(budget_bytes, patch, heads, batch=1, prefix=1, bytes_per_number=4):
    numbers = budget_bytes // (batch * heads * bytes_per_number)
    tokens = math.isqrt(numbers)
    return math.isqrt(tokens - prefix) * patch
