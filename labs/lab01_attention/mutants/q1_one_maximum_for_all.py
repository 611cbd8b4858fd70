"""
question: q1
ko: >-
  행마다가 아니라 텐서 전체의 최댓값 하나를 뺐습니다. 점수가 큰 행에서는 괜찮지만,
  다른 행들은 여전히 아주 작은 수로 남아 `exp`가 모두 0이 되고 0 / 0으로 `nan`이
  됩니다. `amax(dim=-1, keepdim=True)`로 행마다 따로 구하세요.
en: >-
  You subtract a single maximum of the entire tensor instead of one per row. Rows with
  large scores are fine, but the others stay so far below that every `exp` is 0 and 0
  / 0 gives `nan`. Use `amax(dim=-1, keepdim=True)`, a maximum for each row.
"""

import math


def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = (scores - scores.max()).exp()
    weights = weights / weights.sum(dim=-1, keepdim=True)
    return weights @ v, weights
