"""
question: q5
ko: >-
  블록의 선형 층에서 편향을 세지 않았습니다. qkv에 3D개, proj에 D개, fc1에 F개, fc2에
  D개가 있습니다. ViT-B/16에서는 블록마다 6912개입니다.
en: >-
  You left out the biases of the linear layers in the blocks: 3D in qkv, D in proj, F
  in fc1 and D in fc2. In ViT-B/16 that makes 6912 for each block.
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
    block = 4 * D * D
    block += 2 * D * hidden
    block += 2 * 2 * D
    return Parameters(
        patch_embed=config.channels * config.patch**2 * D + D,
        tokens=R * D + (R + h * w) * D,
        blocks=config.depth * block,
        norm=2 * D,
        head=0 if config.classes is None else D * config.classes + config.classes,
    )
