"""
question: q5
ko: >-
  qkv의 편향 3D개를 세지 않았습니다. 편향이 없는 모델도 있지만 ViT의 qkv에는 편향이
  있습니다. 블록마다 3D개씩 모자랍니다.
en: >-
  You left out the 3D biases of qkv. There are models without them, but the qkv of ViT
  has biases. Your count is too small by 3D for each block.
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
    block = 4 * D * D + D
    block += 2 * D * hidden + hidden + D
    block += 2 * 2 * D
    return Parameters(
        patch_embed=config.channels * config.patch**2 * D + D,
        tokens=R * D + (R + h * w) * D,
        blocks=config.depth * block,
        norm=2 * D,
        head=0 if config.classes is None else D * config.classes + config.classes,
    )
