"""
question: q7
ko: >-
  확률을 학습 모드에서 구했습니다. 그러면 배치 정규화가 함께 든 그림들의 평균을 써서,
  같은 그림의 확률이 옆의 그림에 따라 달라집니다. `model.eval()`을 부르세요.
en: >-
  The probabilities are computed in training mode. The batch normalization then uses the
  mean of the pictures at hand, and the same picture gets other probabilities beside
  other pictures. Call `model.eval()`.
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
    with torch.no_grad():
        pair = model.visual(images), model.text(texts)
        return pair_logits(*pair, model.logit_scale, model.logit_bias).sigmoid()
