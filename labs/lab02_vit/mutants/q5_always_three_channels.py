"""
question: q5
ko: >-
  채널이 늘 3개라고 여겼습니다. 설정의 `channels`를 쓰세요. 흑백 사진은 1개, 위성
  사진은 여러 개입니다.
en: >-
  You assume that there are always 3 channels. Use `channels` of the config: a grey
  picture has a single one, and a satellite picture has many.
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
        patch_embed=3 * config.patch**2 * D + D,
        tokens=R * D + (R + h * w) * D,
        blocks=config.depth * block,
        norm=2 * D,
        head=0 if config.classes is None else D * config.classes + config.classes,
    )
