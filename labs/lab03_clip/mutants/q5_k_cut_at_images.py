"""
question: q5
ko: >-
  k를 두 방향 모두 이미지의 수로 잘랐습니다. 이미지로 글을 찾을 때의 모음은 글이고, 글이
  더 많습니다. k는 그 방향의 모음의 크기, 곧 열의 수로 자릅니다.
en: >-
  You cut k at the number of images in both directions. When images search, the
  collection is the texts, and there are more of them. Cut k at the size of the
  collection that is searched.
"""

import torch


def recall(image, text, owner, k):
    similarity = unit(image) @ unit(text).T
    right = owner == torch.arange(len(image))[:, None]

    def share(similarity, right):
        nearest = similarity.topk(min(k, len(image)), dim=1).indices
        return right.gather(1, nearest).any(dim=1).double().mean().item()

    return share(similarity, right), share(similarity.T, right.T)
