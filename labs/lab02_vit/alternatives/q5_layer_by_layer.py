"""
question: q5
"""


def linear(inputs, outputs):
    return inputs * outputs + outputs


def count_parameters(config):
    """A plain tuple, added up layer by layer."""
    width, channels = config.width, config.channels
    norm = width + width
    patches = (config.image[0] // config.patch) * (config.image[1] // config.patch)
    tokens = patches * width
    if config.class_token:
        tokens += width  # its vector
        tokens += width  # its row of the position embedding
    blocks = 0
    for _ in range(config.depth):
        blocks += norm + linear(width, 3 * width) + linear(width, width)
        blocks += norm + linear(width, config.hidden) + linear(config.hidden, width)
    head = linear(width, config.classes) if config.classes else 0
    inputs = channels * config.patch * config.patch
    return Parameters(linear(inputs, width), tokens, blocks, norm, head)


class Parameters(tuple):
    """Five numbers with names."""

    def __new__(cls, *counts):
        self = super().__new__(cls, counts)
        names = ("patch_embed", "tokens", "blocks", "norm", "head")
        self.__dict__.update(zip(names, counts))
        return self
