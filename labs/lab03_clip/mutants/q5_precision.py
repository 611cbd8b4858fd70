"""
question: q5
ko: >-
  위에서 k개 가운데 정답인 비율, 곧 정밀도를 계산했습니다. k가 커지면 정밀도는
  내려가지만 재현율@k는 올라갑니다.
en: >-
  You compute which part of the first k answers is right: the precision. It falls when
  k grows, while recall@k can only rise. Ask whether any answer is right.
"""

import torch


def recall(image, text, owner, k):
    similarity = unit(image) @ unit(text).T
    right = owner == torch.arange(len(image))[:, None]

    def share(similarity, right):
        nearest = similarity.topk(min(k, similarity.shape[1]), dim=1).indices
        return right.gather(1, nearest).double().mean().item()

    return share(similarity, right), share(similarity.T, right.T)
