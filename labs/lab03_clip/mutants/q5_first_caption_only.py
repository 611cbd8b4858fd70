"""
question: q5
ko: >-
  이미지마다 첫 글만 정답으로 쳤습니다. 나머지 글도 그 이미지를 옳게 설명하므로, 그
  가운데 하나를 찾아도 찾은 것입니다.
en: >-
  Only the first text of each image counts as right. The others describe it just as
  well, so a search that finds one of them has found what it was looking for.
"""

import torch


def recall(image, text, owner, k):
    similarity = unit(image) @ unit(text).T
    right = owner == torch.arange(len(image))[:, None]
    right = right & (right.cumsum(dim=1) == 1)

    def share(similarity, right):
        nearest = similarity.topk(min(k, similarity.shape[1]), dim=1).indices
        return right.gather(1, nearest).any(dim=1).double().mean().item()

    return share(similarity, right), share(similarity.T, right.T)
