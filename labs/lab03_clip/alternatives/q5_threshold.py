"""
question: q5
"""

import torch
import torch.nn.functional as F


def recall(image, text, owner, k):
    """What is at least as similar as the k-th of its row, or of its column."""
    B, M = len(image), len(text)
    scores = torch.einsum("be,me->bm", unit(image), unit(text))
    right = F.one_hot(owner, B).T.bool()
    of_rows = scores.sort(dim=1, descending=True).values[:, min(k, M) - 1, None]
    of_columns = scores.sort(dim=0, descending=True).values[min(k, B) - 1]
    images = ((scores >= of_rows) & right).any(dim=1).sum() / B
    texts = ((scores >= of_columns) & right).any(dim=0).sum() / M
    return float(images), float(texts)
