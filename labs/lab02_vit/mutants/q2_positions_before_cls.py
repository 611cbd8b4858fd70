"""
question: q2
ko: >-
  CLS를 붙이기 전에 위치를 더하면서 표의 **앞에서부터** 썼습니다. 그래서 첫 패치가
  CLS의 행을 받고, 모든 패치의 위치가 한 칸씩 밀리며, 표의 마지막 행은 쓰이지
  않습니다.
en: >-
  You added positions before CLS was there and took rows from the **start** of the
  table. So the first patch gets the row of CLS, all patches are shifted by one, and
  the last row is never used.
"""

import torch


def embed(patches, cls_token, pos_embed, registers=None):
    B = patches.shape[0]
    patches = patches + pos_embed[:, :-1]
    x = torch.cat((cls_token.expand(B, -1, -1), patches), dim=1)
    if registers is None:
        return x
    return torch.cat((x[:, :1], registers.expand(B, -1, -1), x[:, 1:]), dim=1)
