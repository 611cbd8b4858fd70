"""
question: q5
ko: >-
  분류기의 편향을 세지 않았습니다. 분류기는 D → K 선형 층이므로 가중치 DK개 말고도
  종류마다 편향이 하나씩 K개 있습니다.
en: >-
  You left out the biases of the classifier. It is a linear layer D → K, so besides
  the DK weights there is a bias for each class, K of them.
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
        patch_embed=config.channels * config.patch**2 * D + D,
        tokens=R * D + (R + h * w) * D,
        blocks=config.depth * block,
        norm=2 * D,
        head=0 if config.classes is None else D * config.classes,
    )
