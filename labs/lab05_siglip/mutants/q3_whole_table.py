"""
question: q3
recognise: judge:keeps_all_tiles
ko: >-
  값은 맞지만 배치 전체의 표를 한 번에 만들었습니다. N = 32,768이면 표 하나가 4
  GiB입니다. 타일마다 손실과 기울기를 구하고 타일을 버리세요.
en: >-
  The values are right, but the table of the whole batch is built at once. For N =
  32,768 one such table takes 4 GiB. Compute loss and gradients tile by tile and let
  each tile go.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def tile_gradients(
    images: Tensor,
    texts: Tensor,
    t_prime: Tensor,
    bias: Tensor,
    own: bool,
    total: int,
) -> Gradients:
    given = [x.detach().requires_grad_() for x in (images, texts, t_prime, bias)]
    logits = pair_logits(*given)  # (n, m)
    labels = -torch.ones_like(logits)
    if own:
        labels = labels + 2 * torch.eye(len(images), dtype=logits.dtype)
    loss = -F.logsigmoid(labels * logits).sum() / total
    return Gradients(loss.detach(), *torch.autograd.grad(loss, given))


def blocked_gradients(images, texts, t_prime, bias, block):
    return tile_gradients(images, texts, t_prime, bias, True, len(images))
