"""
question: q7
ko: >-
  logit_scale이 10에서 시작합니다. 이것은 배율의 로그이므로 배율은 e¹⁰ = 22026이 되고,
  로짓이 너무 커서 배우지 못합니다. ln 10에서 시작하세요.
en: >-
  logit_scale starts at 10. It is the logarithm of the scale, so the scale is e¹⁰ =
  22026 and the logits are far too large to learn from. Start at ln 10.
"""

import torch
from torch import Tensor, nn


class SigLIP(nn.Module):
    def __init__(self, visual: nn.Module, text: nn.Module, batch_size: int) -> None:
        super().__init__()
        self.visual = visual
        self.text = text
        self.logit_scale = nn.Parameter(torch.tensor(10.0))
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
        pair = model.visual(images), model.text(texts)
        return pair_logits(*pair, model.logit_scale, model.logit_bias).sigmoid()
