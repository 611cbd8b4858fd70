"""
question: q5
ko: >-
  격자가 정사각형이라고 여기고 높이만 썼습니다. 패치의 수는 행의 수의 제곱이 아니라
  행의 수 곱하기 열의 수입니다. `config.grid`가 둘 다 알려 줍니다.
en: >-
  You used only the height, as if the grid were square. The number of patches is rows
  times columns, not rows squared. `config.grid` tells you both.
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
    h = w = config.grid[0]
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
