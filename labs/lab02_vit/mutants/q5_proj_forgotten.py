"""
question: q5
ko: >-
  어텐션의 출력 사영 proj를 세지 않았습니다. 어텐션에는 질의, 키, 값을 만드는 qkv
  말고도, 헤드를 합친 다음에 지나는 D → D 선형 층이 있습니다.
en: >-
  You left out proj, the output projection of the attention. Besides qkv, which makes
  queries, keys and values, there is a linear layer D → D behind the merged heads.
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
    block = 3 * D * D + 3 * D
    block += 2 * D * hidden + hidden + D
    block += 2 * 2 * D
    return Parameters(
        patch_embed=config.channels * config.patch**2 * D + D,
        tokens=R * D + (R + h * w) * D,
        blocks=config.depth * block,
        norm=2 * D,
        head=0 if config.classes is None else D * config.classes + config.classes,
    )
