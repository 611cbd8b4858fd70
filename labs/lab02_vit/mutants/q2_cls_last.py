"""
question: q2
ko: >-
  CLS를 줄의 끝에 붙였습니다. 어텐션은 순서를 모르지만, 위치 임베딩은 압니다: 0번 행이
  CLS의 것이라 패치마다 위치가 한 칸씩 밀립니다. 나중에 `x[:, 0]`을 꺼내는 코드도
  CLS가 아니라 첫 패치를 꺼냅니다.
en: >-
  You put CLS at the end of the row. Attention knows no order, but the position
  embedding does: row 0 is that of CLS, so the positions of all patches are shifted by
  one. Code that takes `x[:, 0]` later would get the first patch instead of CLS.
"""

import torch


def embed(patches, cls_token, pos_embed, registers=None):
    B = patches.shape[0]
    x = torch.cat((patches, cls_token.expand(B, -1, -1)), dim=1) + pos_embed
    if registers is None:
        return x
    return torch.cat((x[:, :-1], registers.expand(B, -1, -1), x[:, -1:]), dim=1)
