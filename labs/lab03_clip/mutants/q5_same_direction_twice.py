"""
question: q5
ko: >-
  둘째 값을 계산할 때도 이미지가 글을 찾게 했습니다. 반대 방향은 글이 이미지를 찾는
  것이므로 유사도와 정답의 표를 모두 전치해야 합니다.
en: >-
  For the second value, too, images search texts. The other direction lets texts
  search images: transpose the similarities and the table of right answers, both of
  them.
"""

import torch


def recall(image, text, owner, k):
    similarity = unit(image) @ unit(text).T
    right = owner == torch.arange(len(image))[:, None]

    def share(similarity, right):
        nearest = similarity.topk(min(k, similarity.shape[1]), dim=1).indices
        return right.gather(1, nearest).any(dim=1).double().mean().item()

    return share(similarity, right), share(similarity, right)
