"""
question: q2
ko: >-
  CLS를 끼워 넣지 않고 첫 패치의 자리에 **덮어썼습니다**. 줄은 1 + N개여야 하는데
  N개이고, 왼쪽 위 패치의 그림을 잃습니다.
en: >-
  CLS was not put in front but written **over** the first patch. The row must have 1 +
  N tokens, yours has N, and the picture of the patch at the upper left is lost.
"""

import torch


def embed(patches, cls_token, pos_embed, registers=None):
    B = patches.shape[0]
    x = torch.cat((cls_token.expand(B, -1, -1), patches[:, 1:]), dim=1)
    x = x + pos_embed[:, :-1]
    if registers is None:
        return x
    return torch.cat((x[:, :1], registers.expand(B, -1, -1), x[:, 1:]), dim=1)
