"""
question: q5
ko: >-
  두 방향을 바꾸어 돌려주었습니다. 첫째 값은 이미지가 글을 찾는 것이고 둘째 값은 글이
  이미지를 찾는 것입니다. 논문의 표에서도 두 값은 크게 다릅니다.
en: >-
  The directions are returned in the wrong order. The first value is that of images
  searching texts, the second that of texts searching images. In the tables of papers,
  too, they differ a lot.
"""

import torch


def recall(image, text, owner, k):
    similarity = unit(image) @ unit(text).T
    right = owner == torch.arange(len(image))[:, None]

    def share(similarity, right):
        nearest = similarity.topk(min(k, similarity.shape[1]), dim=1).indices
        return right.gather(1, nearest).any(dim=1).double().mean().item()

    return share(similarity.T, right.T), share(similarity, right)
