"""
question: q7
recognise: judge:records_gradients
ko: >-
  확률을 구하면서 기울기를 기록했습니다. 값은 맞지만 쓰지도 않을 중간값을 모두 붙들고
  있습니다. `torch.no_grad()` 안에서 구하세요.
en: >-
  Gradients are recorded while the probabilities are computed. The values are right, but
  everything in between is kept for nothing. Compute them inside `torch.no_grad()`.
"""

import math

import torch
from torch import Tensor, nn


class SigLIP(nn.Module):
    def __init__(self, visual: nn.Module, text: nn.Module, batch_size: int) -> None:
        super().__init__()
        self.visual = visual
        self.text = text
        self.logit_scale = nn.Parameter(torch.tensor(math.log(10)))
        self.logit_bias = nn.Parameter(torch.tensor(start_bias(batch_size)))

    def forward(self, images: Tensor, texts: Tensor) -> Tensor:
        pair = self.visual(images), self.text(texts)
        return sigmoid_loss(*pair, self.logit_scale, self.logit_bias)


def train(
    model: nn.Module, batches: list[tuple[Tensor, Tensor]], lr: float = 5e-3
) -> list[float]:
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    losses = []
    model.train()
    for step, (images, texts) in enumerate(batches):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / len(batches))
        loss = model(images, texts)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def probabilities(model: nn.Module, images: Tensor, texts: Tensor) -> Tensor:
    model.eval()
    pair = model.visual(images), model.text(texts)
    return pair_logits(*pair, model.logit_scale, model.logit_bias).sigmoid()
