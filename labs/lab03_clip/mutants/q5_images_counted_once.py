"""
question: q5
ko: >-
  글에서 이미지를 찾을 때 이미지마다 평균한 다음 다시 평균했습니다. 글의 수가 다르면
  값이 달라집니다. 질의는 글이므로 글마다 한 표입니다.
en: >-
  When texts search, you average for each image first and then over the images. That
  differs when images have different numbers of texts. The texts are the queries: each
  has a vote.
"""

import torch


def recall(image, text, owner, k):
    similarity = unit(image) @ unit(text).T
    right = owner == torch.arange(len(image))[:, None]

    def share(similarity, right):
        nearest = similarity.topk(min(k, similarity.shape[1]), dim=1).indices
        return right.gather(1, nearest).any(dim=1).double().mean().item()

    nearest = similarity.T.topk(min(k, len(image)), dim=1).indices
    found = right.T.gather(1, nearest).any(dim=1).double()
    each = (right * found).sum(dim=1) / right.sum(dim=1)
    return share(similarity, right), each.mean().item()
