"""
question: q6
ko: >-
  CLS처럼 앞에 붙는 토큰을 세지 않았습니다. 224 × 224를 16으로 자르면 패치는 196개,
  토큰은 197개입니다. 차이가 작아 보여도 체크포인트의 위치 임베딩은 197개입니다.
en: >-
  You did not count the tokens in front, such as CLS. An image of 224 × 224 cut with
  16 has 196 patches but 197 tokens. The difference looks small, but the position
  table of a checkpoint has 197 rows.
"""

import math
from typing import NamedTuple


class Cost(NamedTuple):
    tokens: int
    projection_macs: int
    mixing_macs: int
    score_bytes: int


def attention_cost(image, patch, width, heads, batch=1, prefix=1, bytes_per_number=4):
    T = (image[0] // patch) * (image[1] // patch)
    return Cost(
        tokens=T,
        projection_macs=batch * 4 * T * width**2,
        mixing_macs=batch * 2 * T**2 * width,
        score_bytes=batch * heads * T**2 * bytes_per_number,
    )


def largest_side(budget_bytes, patch, heads, batch=1, prefix=1, bytes_per_number=4):
    numbers = budget_bytes // (batch * heads * bytes_per_number)
    tokens = math.isqrt(numbers)
    return math.isqrt(tokens) * patch
