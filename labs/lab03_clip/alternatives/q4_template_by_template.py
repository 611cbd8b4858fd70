"""
question: q4
"""

import torch


def fill(template, name):
    """Braces from left to right."""
    before, brace, rest = template.partition("{")
    if not brace:
        return before
    particle, _, after = rest.partition("}")
    return (
        before
        + (with_particle(name, particle) if particle else name)
        + fill(after, name)
    )


def zero_shot_classifier(encode, names, templates):
    """A matrix of all classes for each template, added up."""
    total = 0
    for template in templates:
        rows = encode([fill(template, name) for name in names])
        total = total + rows / rows.norm(dim=1, keepdim=True)
    return total / total.norm(dim=1, keepdim=True)


def classify(image, classifier):
    """Image by image."""
    return torch.tensor([int((classifier @ one).argmax()) for one in image])
