"""
question: q6
"""

from typing import NamedTuple


class Cost(NamedTuple):
    tokens: int
    projection_macs: int
    mixing_macs: int
    score_bytes: int


def matmul(a, b, c):
    """Multiply-adds of an (a, b) times a (b, c) matrix."""
    return a * b * c


def attention_cost(image, patch, width, heads, batch=1, prefix=1, bytes_per_number=4):
    """Every matrix product counted by itself."""
    T = prefix + image[0] * image[1] // patch**2
    Dh = width // heads
    projections = matmul(T, width, 3 * width) + matmul(T, width, width)
    mixing = heads * (matmul(T, Dh, T) + matmul(T, T, Dh))
    scores = bytes_per_number * heads * T * T
    return Cost(T, batch * projections, batch * mixing, batch * scores)


def largest_side(budget_bytes, patch, heads, batch=1, prefix=1, bytes_per_number=4):
    """Count up until it no longer fits."""
    n = 1
    while (
        batch * heads * (prefix + (n + 1) ** 2) ** 2 * bytes_per_number <= budget_bytes
    ):
        n += 1
    return n * patch
