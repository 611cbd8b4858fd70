"""
question: q7
ko: >-
  행과 열이 바뀌었습니다. 그림이 행이고 글이 열이어야 그림마다 가장 알맞은 이름을
  `argmax(dim=1)`로 고를 수 있습니다.
en: >-
  Rows and columns are swapped. Pictures are rows and texts are columns, so that
  `argmax(dim=1)` picks the best name of each picture.
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
    with torch.no_grad():
        pair = model.text(texts), model.visual(images)
        return pair_logits(*pair, model.logit_scale, model.logit_bias).sigmoid()
