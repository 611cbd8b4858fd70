"""
question: q6
"""

import torch


def cached_backward(image_tower, text_tower, images, texts, logit_scale, chunk):
    """Each chunk of embeddings is a leaf of its own and keeps its own gradient."""
    parts = [images.split(chunk), texts.split(chunk)]
    with torch.inference_mode():
        found = [[image_tower(part) for part in parts[0]]]
        found.append([text_tower(part) for part in parts[1]])
    leaves = [[x.clone().requires_grad_() for x in side] for side in found]
    loss = info_nce(compare(torch.cat(leaves[0]), torch.cat(leaves[1]), logit_scale))
    torch.autograd.backward(loss)
    for some, words, x, y in zip(*parts, *leaves):  # both sides in turns
        torch.autograd.backward(image_tower(some), x.grad)
        torch.autograd.backward(text_tower(words), y.grad)
    return torch.tensor(loss.item(), dtype=loss.dtype)
