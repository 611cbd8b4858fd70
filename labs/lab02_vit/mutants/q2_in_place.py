"""
question: q2
ko: >-
  `+=`가 인자로 받은 텐서를 그 자리에서 바꾸었습니다. 돌려준 답은 맞지만, 같은 패치
  토큰을 다시 쓰면 위치가 두 번 더해집니다. 새 텐서를 만드는 `+`를 쓰세요.
en: >-
  `+=` changed a tensor that you were given in place. What you return is right, but
  whoever uses the same patch tokens again gets the positions added twice. Use `+`,
  which makes a new tensor.
"""

import torch


def embed(patches, cls_token, pos_embed, registers=None):
    B = patches.shape[0]
    patches += pos_embed[:, 1:]
    cls = cls_token + pos_embed[:, :1]
    x = torch.cat((cls.expand(B, -1, -1), patches), dim=1)
    if registers is None:
        return x
    return torch.cat((x[:, :1], registers.expand(B, -1, -1), x[:, 1:]), dim=1)
