"""
question: q5
ko: >-
  CLS가 늘 있다고 여겼습니다. `class_token`이 `False`이면 CLS 벡터도 없고, 위치
  임베딩에서 CLS의 행도 없습니다. 평균 풀링을 쓰는 모델이 그렇습니다.
en: >-
  You assume that there is always a CLS. If `class_token` is `False`, there is neither
  a CLS vector nor a row for CLS in the position embedding. Models that pool by
  averaging are like this.
"""

from typing import NamedTuple


class Parameters(NamedTuple):
    patch_embed: int
    tokens: int
    blocks: int
    norm: int
    head: int


def count_parameters(config):
    D, hidden = config.width, config.hidden
    h, w = config.grid
    block = 4 * D * D + 4 * D
    block += 2 * D * hidden + hidden + D
    block += 2 * 2 * D
    return Parameters(
        patch_embed=config.channels * config.patch**2 * D + D,
        tokens=D + (1 + h * w) * D,
        blocks=config.depth * block,
        norm=2 * D,
        head=0 if config.classes is None else D * config.classes + config.classes,
    )
