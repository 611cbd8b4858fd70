"""
question: q5
ko: >-
  정답이 **모두** 위에서 k개 안에 있어야 맞은 것으로 쳤습니다. 재현율@k는 하나라도
  있으면 맞은 것입니다. 글이 5개인 이미지는 이대로면 R@1이 늘 0입니다.
en: >-
  You demand that **all** right answers are among the first k. Recall@k asks for at
  least one of them. In your way an image with 5 texts would always have an R@1 of 0.
"""

import torch


def recall(image, text, owner, k):
    similarity = unit(image) @ unit(text).T
    right = owner == torch.arange(len(image))[:, None]

    def share(similarity, right):
        nearest = similarity.topk(min(k, similarity.shape[1]), dim=1).indices
        found = right.gather(1, nearest).sum(dim=1)
        return (found == right.sum(dim=1)).double().mean().item()

    return share(similarity, right), share(similarity.T, right.T)
