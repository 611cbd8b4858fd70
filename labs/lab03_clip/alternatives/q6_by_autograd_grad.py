"""
question: q6
"""

import torch


def cached_backward(image_tower, text_tower, images, texts, logit_scale, chunk):
    """Gradients asked for by name; in the last pass a product stands for them."""
    sides = ((image_tower, images), (text_tower, texts))
    cached = []
    for tower, inputs in sides:
        parts = []
        for start in range(0, len(inputs), chunk):
            with torch.no_grad():
                parts.append(tower(inputs[start : start + chunk]))
        cached.append(torch.cat(parts).requires_grad_(True))
    loss = info_nce(compare(*cached, logit_scale))
    *wanted, of_scale = torch.autograd.grad(loss, [*cached, logit_scale])
    old = logit_scale.grad
    logit_scale.grad = of_scale if old is None else old + of_scale
    for (tower, inputs), gradient in zip(sides, wanted):
        for start in range(0, len(inputs), chunk):
            rows = slice(start, start + chunk)
            (tower(inputs[rows]) * gradient[rows]).sum().backward()
    return loss.detach()
