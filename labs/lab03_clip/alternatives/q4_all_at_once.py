"""
question: q4
"""

import re


def fill(template, name):
    """Every pair of braces by one substitution."""

    def chosen(match):
        particle = match[1]
        return with_particle(name, particle) if particle else name

    return re.sub(r"\{([^}]*)\}", chosen, template)


def zero_shot_classifier(encode, names, templates):
    """All prompts in a single call; a sum has the same direction as an average."""
    texts = [fill(template, name) for name in names for template in templates]
    prompts = unit(encode(texts)).reshape(len(names), len(templates), -1)
    return unit(prompts.sum(dim=1))


def classify(image, classifier):
    """The place of the largest cosine."""
    return (unit(image) @ unit(classifier).T).max(dim=1).indices
