"""
question: q5
ko: >-
  k가 모음보다 크면 `topk`가 오류를 냅니다. 이미지가 모음일 때는 글이 모음일 때보다
  훨씬 작습니다. k를 모음의 크기로 줄이세요.
en: >-
  If k is larger than the collection, `topk` raises an error. The collection of images
  is much smaller than that of texts. Reduce k to the size of what is searched.
"""

import torch


def recall(image, text, owner, k):
    similarity = unit(image) @ unit(text).T
    right = owner == torch.arange(len(image))[:, None]

    def share(similarity, right):
        nearest = similarity.topk(k, dim=1).indices
        return right.gather(1, nearest).any(dim=1).double().mean().item()

    return share(similarity, right), share(similarity.T, right.T)
