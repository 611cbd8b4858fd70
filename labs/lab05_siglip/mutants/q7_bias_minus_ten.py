"""
question: q7
ko: >-
  편향을 -10에서 시작했습니다. 배치가 24이면 -ln 23 = -3.1355가 어울립니다. -10에서는 짝
  하나하나의 손실이 10에 가깝게 시작하고, 편향을 위로 미는 힘이 첫 스텝부터 걸립니다.
en: >-
  The bias starts at -10. For a batch of 24, -ln 23 = -3.1355 fits. At -10 every
  positive pair starts with a loss close to 10, and from the first step on a force
  pushes the bias up.
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
        self.logit_bias = nn.Parameter(torch.tensor(-10.0))

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
    with torch.no_grad():
        pair = model.visual(images), model.text(texts)
        return pair_logits(*pair, model.logit_scale, model.logit_bias).sigmoid()
