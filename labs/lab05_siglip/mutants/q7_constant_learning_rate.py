"""
question: q7
ko: >-
  학습률이 줄어들지 않습니다. 스텝 k의 학습률은 lr·(1 - k/K)입니다. 끝까지 크게 움직이면
  배치마다 흔들려서 마지막 가중치가 운에 달립니다.
en: >-
  The learning rate does not fall. In step k it is lr·(1 - k/K). With large steps to the
  end, the last weights hang on the last few batches.
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
    for images, texts in batches:
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
