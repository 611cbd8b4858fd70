"""
question: q2
ko: >-
  CLS에 위치 임베딩을 더하지 않았습니다. 실습 1의 사인·코사인 표와 달리, ViT의
  학습하는 표에는 CLS의 행이 있습니다. CLS를 붙인 **다음에** 표 전체를 더하세요.
en: >-
  CLS got no position embedding. Unlike the sine-cosine table of lab 1, the learned
  table of ViT has a row for CLS. Add the whole table **after** CLS was put in front.
"""

import torch


def embed(patches, cls_token, pos_embed, registers=None):
    B = patches.shape[0]
    patches = patches + pos_embed[:, 1:]
    x = torch.cat((cls_token.expand(B, -1, -1), patches), dim=1)
    if registers is None:
        return x
    return torch.cat((x[:, :1], registers.expand(B, -1, -1), x[:, 1:]), dim=1)
