"""
question: q5
ko: >-
  길이를 맞추지 않고 내적으로 견주었습니다. 그러면 임베딩이 긴 글이 모든 이미지의
  첫째가 됩니다. 코사인으로 견주세요.
en: >-
  You compare by the dot product of vectors that do not have length 1. A text with a
  long embedding then comes first for all images. Compare by the cosine.
"""

import torch


def recall(image, text, owner, k):
    similarity = image @ text.T
    right = owner == torch.arange(len(image))[:, None]

    def share(similarity, right):
        nearest = similarity.topk(min(k, similarity.shape[1]), dim=1).indices
        return right.gather(1, nearest).any(dim=1).double().mean().item()

    return share(similarity, right), share(similarity.T, right.T)
