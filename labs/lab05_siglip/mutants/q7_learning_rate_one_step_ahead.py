"""
question: q7
ko: >-
  학습률이 한 스텝 앞서 줄어듭니다. 첫 스텝 k = 0은 lr 그대로이고, 마지막 스텝은 0이
  아니라 lr/K입니다. 지금은 마지막 스텝이 아무것도 하지 않습니다.
en: >-
  The learning rate falls one step too early. The first step, k = 0, uses lr itself, and
  the last one lr/K. As it is, the last step does nothing at all.
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
        optimizer.param_groups[0]["lr"] = lr * (1 - (step + 1) / len(batches))
        loss = model(images, texts)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def probabilities(model: nn.Module, images: Tensor, texts: Tensor) -> Tensor:
    model.eval()
    with torch.no_grad():
        pair = model.visual(images), model.text(texts)
        return pair_logits(*pair, model.logit_scale, model.logit_bias).sigmoid()
