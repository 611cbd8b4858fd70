"""
question: q5
ko: >-
  CLS를 한 번만 세었습니다. CLS는 그 자신이 학습하는 벡터 D개이고, 위치 임베딩에도
  CLS의 행 D개가 따로 있습니다. 토큰이 1 + N개이므로 표의 행도 1 + N개입니다. D개가
  모자랍니다.
en: >-
  You counted CLS only once. CLS itself is a learned vector of D numbers, and the
  position embedding has a row of D numbers for it as well: with 1 + N tokens the
  table has 1 + N rows. Your count is too small by D.
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
        tokens=(R + h * w) * D,
        blocks=config.depth * block,
        norm=2 * D,
        head=0 if config.classes is None else D * config.classes + config.classes,
    )
