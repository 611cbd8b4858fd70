"""
question: q5
ko: >-
  정답 가운데 찾은 **비율**을 평균했습니다. 정보 검색에서 말하는 재현율이지만,
  이미지-글 검색의 R@k는 하나라도 찾았는지만 묻습니다.
en: >-
  You average which **part** of the right answers was found. That is what recall means
  elsewhere, but R@k of image-text retrieval only asks whether any of them was found.
"""

import torch


def recall(image, text, owner, k):
    similarity = unit(image) @ unit(text).T
    right = owner == torch.arange(len(image))[:, None]

    def share(similarity, right):
        nearest = similarity.topk(min(k, similarity.shape[1]), dim=1).indices
        found = right.gather(1, nearest).sum(dim=1)
        return (found / right.sum(dim=1)).double().mean().item()

    return share(similarity, right), share(similarity.T, right.T)
