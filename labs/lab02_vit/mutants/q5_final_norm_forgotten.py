"""
question: q5
ko: >-
  마지막 LayerNorm을 세지 않았습니다. 사전 정규화에서는 길 위의 토큰이 정규화되지 않은
  채 마지막 블록을 나오므로, 그 뒤에 LayerNorm이 하나 더 있습니다.
en: >-
  You left out the last LayerNorm. With pre-norm the tokens leave the last block
  without having been normalised on the road, so there is another LayerNorm behind it.
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
        norm=0,
        head=0 if config.classes is None else D * config.classes + config.classes,
    )
