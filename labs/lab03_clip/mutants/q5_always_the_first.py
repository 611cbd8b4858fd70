"""
question: q5
ko: >-
  k를 쓰지 않고 늘 첫째만 보았습니다. R@5도 R@1과 같은 값이 됩니다. 위에서 k개를 모두
  보세요.
en: >-
  You never use k and always look at the first answer alone, so R@5 is the same as
  R@1. Look at all of the first k answers.
"""

import torch


def recall(image, text, owner, k):
    similarity = unit(image) @ unit(text).T
    right = owner == torch.arange(len(image))[:, None]

    def share(similarity, right):
        nearest = similarity.topk(1, dim=1).indices
        return right.gather(1, nearest).any(dim=1).double().mean().item()

    return share(similarity, right), share(similarity.T, right.T)
