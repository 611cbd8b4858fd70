"""
question: q5
ko: >-
  LayerNorm에서 배율만 세고 이동을 세지 않았습니다. LayerNorm은 채널마다 배율 γ와 이동
  β를 하나씩 배우므로 D개가 아니라 2D개입니다.
en: >-
  You counted only the scales of the LayerNorms and not their shifts. A LayerNorm
  learns a scale γ and a shift β for each channel, so it has 2D parameters and not D.
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
        norm=D,
        head=0 if config.classes is None else D * config.classes + config.classes,
    )
