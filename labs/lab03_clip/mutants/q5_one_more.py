"""
question: q5
ko: >-
  k개가 아니라 k + 1개를 보았습니다. 순위를 0부터 세면서 k**까지** 넣은 것입니다.
  R@1이 사실은 R@2가 됩니다.
en: >-
  You look at k + 1 answers, not at k: ranks count from 0, and yours run up to k, k
  included. What you call R@1 is really R@2.
"""

import torch


def recall(image, text, owner, k):
    similarity = unit(image) @ unit(text).T
    right = owner == torch.arange(len(image))[:, None]

    def share(similarity, right):
        nearest = similarity.topk(min(k + 1, similarity.shape[1]), dim=1).indices
        return right.gather(1, nearest).any(dim=1).double().mean().item()

    return share(similarity, right), share(similarity.T, right.T)
