"""
question: q5
ko: >-
  가장 **덜** 닮은 k개를 보았습니다. 유사도는 클수록 닮은 것이므로 큰 쪽에서 k개를
  고르세요.
en: >-
  You look at the k that are **least** similar. A similarity is no distance: the
  larger, the more alike. Take the k largest ones of each row.
"""

import torch


def recall(image, text, owner, k):
    similarity = unit(image) @ unit(text).T
    right = owner == torch.arange(len(image))[:, None]

    def share(similarity, right):
        nearest = similarity.topk(
            min(k, similarity.shape[1]), dim=1, largest=False
        ).indices
        return right.gather(1, nearest).any(dim=1).double().mean().item()

    return share(similarity, right), share(similarity.T, right.T)
