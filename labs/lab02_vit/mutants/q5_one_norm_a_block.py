"""
question: q5
ko: >-
  블록마다 LayerNorm을 1개만 세었습니다. 갈래마다 하나씩 2개이고, 하나에 배율 D개와
  이동 D개가 있으므로 블록마다 4D개입니다.
en: >-
  You counted only 1 LayerNorm in each block. There are 2, one for each branch, and
  each has D scales and D shifts, which makes 4D for a block.
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
    block += 2 * D
    return Parameters(
        patch_embed=config.channels * config.patch**2 * D + D,
        tokens=R * D + (R + h * w) * D,
        blocks=config.depth * block,
        norm=2 * D,
        head=0 if config.classes is None else D * config.classes + config.classes,
    )
