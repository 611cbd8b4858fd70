"""
question: q5
ko: >-
  정답이 대각선에만 있다고 여겼습니다. 이미지 한 장에 글이 여럿이면 글 번호와 이미지
  번호는 다릅니다. 정답은 `owner`가 정합니다.
en: >-
  You take the right answers to be on the diagonal. When an image has several texts,
  the number of a text is not that of its image: what is right is told by `owner`.
"""

import torch


def recall(image, text, owner, k):
    similarity = unit(image) @ unit(text).T
    right = torch.eye(len(image), len(text), dtype=torch.bool)

    def share(similarity, right):
        nearest = similarity.topk(min(k, similarity.shape[1]), dim=1).indices
        return right.gather(1, nearest).any(dim=1).double().mean().item()

    return share(similarity, right), share(similarity.T, right.T)
