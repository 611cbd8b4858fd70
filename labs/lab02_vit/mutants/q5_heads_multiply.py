"""
question: q5
ko: >-
  qkv의 매개변수에 헤드의 수를 곱했습니다. 헤드마다 너비 D짜리 사영이 따로 있는 것이
  아니라, 너비 D를 헤드들이 나누어 씁니다. 헤드의 수는 매개변수의 수를 바꾸지
  않습니다.
en: >-
  You multiplied the parameters of qkv by the number of heads. A head has no
  projection of width D for itself: the heads share the width. Their number does not
  change the number of parameters.
"""

from typing import NamedTuple


class Parameters(NamedTuple):
    patch_embed: int
    tokens: int
    blocks: int
    norm: int
    head: int


def count_parameters(config):
    D, hidden, R = config.width, config.hidden, int(config.class_token)
    h, w = config.grid
    block = config.heads * (3 * D * D + 3 * D) + D * D + D
    block += 2 * D * hidden + hidden + D
    block += 2 * 2 * D
    return Parameters(
        patch_embed=config.channels * config.patch**2 * D + D,
        tokens=R * D + (R + h * w) * D,
        blocks=config.depth * block,
        norm=2 * D,
        head=0 if config.classes is None else D * config.classes + config.classes,
    )
