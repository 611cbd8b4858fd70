"""
question: q5
ko: >-
  분류기가 늘 있다고 여겼습니다. `classes`가 `None`이면 분류기가 없으므로 0개입니다.
  특징을 뽑는 모델의 크기는 보통 머리를 빼고 말합니다.
en: >-
  You assume that there is always a classifier. If `classes` is `None` there is none,
  so it has 0 parameters. The size of a model that serves to make features is usually
  told without its head.
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
        head=(D + 1) * (config.classes or 1000),
    )
