"""
question: q6
"""

import torch


def cached_backward(image_tower, text_tower, images, texts, logit_scale, chunk):
    """The whole loss again for each chunk, whose rows alone are fresh."""
    with torch.no_grad():
        image = torch.cat([image_tower(part) for part in torch.split(images, chunk)])
        text = torch.cat([text_tower(part) for part in torch.split(texts, chunk)])
    loss = info_nce(compare(image, text, logit_scale))
    loss.backward()  # reaches nothing but the scale
    fixed = logit_scale.detach()
    for start in range(0, len(images), chunk):
        rows = slice(start, start + chunk)
        fresh = image.clone()
        fresh[rows] = image_tower(images[rows])
        info_nce(compare(fresh, text, fixed)).backward()
        fresh = text.clone()
        fresh[rows] = text_tower(texts[rows])
        info_nce(compare(image, fresh, fixed)).backward()
    return loss.detach()
