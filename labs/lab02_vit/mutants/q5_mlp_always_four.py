"""
question: q5
ko: >-
  MLP의 너비가 늘 4D라고 여겼습니다. 그런 모델이 많지만 설정에는 `hidden`이 따로
  있습니다. 예를 들어 ViT-g/14의 비는 4.364입니다.
en: >-
  You assume that the MLP is always 4D wide. Many models are, but the config has
  `hidden` for it. In ViT-g/14, for example, the ratio is 4.364.
"""

from typing import NamedTuple


class Parameters(NamedTuple):
    patch_embed: int
    tokens: int
    blocks: int
    norm: int
    head: int


def count_parameters(config):
    D, R = config.width, int(config.class_token)
    hidden = 4 * D
    h, w = config.grid
    block = 4 * D * D + 4 * D
    block += 2 * D * hidden + hidden + D
    block += 2 * 2 * D
    return Parameters(
        patch_embed=config.channels * config.patch**2 * D + D,
        tokens=R * D + (R + h * w) * D,
        blocks=config.depth * block,
        norm=2 * D,
        head=0 if config.classes is None else D * config.classes + config.classes,
    )
