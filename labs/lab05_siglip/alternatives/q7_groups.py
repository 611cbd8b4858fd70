"""
question: q7
"""

import torch
from torch import nn


class SigLIP(nn.Module):
    def __init__(self, visual, text, batch_size):
        super().__init__()
        self.visual = visual
        self.text = text
        self.register_parameter("logit_scale", nn.Parameter(torch.tensor(10.0).log()))
        bias = torch.as_tensor(float(start_bias(batch_size)))
        self.register_parameter("logit_bias", nn.Parameter(bias))

    def forward(self, images, texts):
        return sigmoid_loss(
            self.visual(images), self.text(texts), self.logit_scale, self.logit_bias
        )


def train(model, batches, lr=5e-3):
    """Towers and logits in two groups of the same optimizer."""
    towers = [*model.visual.parameters(), *model.text.parameters()]
    known = {id(p) for p in towers}
    others = [p for p in model.parameters() if id(p) not in known]
    groups = [{"params": group} for group in (towers, others) if group]
    optimizer = torch.optim.AdamW(groups, lr=lr)
    model.train(True)
    losses, K = [], len(batches)
    for k in range(K):
        for group in optimizer.param_groups:
            group["lr"] = lr * (K - k) / K
        optimizer.zero_grad(set_to_none=False)
        loss = model(batches[k][0], batches[k][1])
        loss.backward()
        optimizer.step()
        losses += [loss.item()]
    return losses


def probabilities(model, images, texts):
    was = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    try:
        model.eval()
        a = pair_logits(
            model.visual(images),
            model.text(texts),
            model.logit_scale,
            model.logit_bias,
        )
        return 1 / (1 + torch.exp(-a))
    finally:
        torch.set_grad_enabled(was)
