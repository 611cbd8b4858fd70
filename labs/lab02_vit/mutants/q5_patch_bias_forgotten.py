"""
question: q5
ko: >-
  패치 임베딩의 편향을 세지 않았습니다. 패치 임베딩은 합성곱으로 쓰든 선형 층으로 쓰든
  출력 채널마다 편향이 하나씩, 모두 D개 있습니다.
en: >-
  You left out the bias of the patch embedding. Written as a convolution or as a
  linear layer, it has a bias for each output channel, D of them.
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
    block = 4 * D * D + 4 * D
    block += 2 * D * hidden + hidden + D
    block += 2 * 2 * D
    return Parameters(
        patch_embed=config.channels * config.patch**2 * D,
        tokens=R * D + (R + h * w) * D,
        blocks=config.depth * block,
        norm=2 * D,
        head=0 if config.classes is None else D * config.classes + config.classes,
    )
