"""The names of a CvT's parameters in transformers, and ours; timm has no CvT."""

from __future__ import annotations

from torch import Tensor

from vislearn.weights.renaming import rename

State = dict[str, Tensor]

_SHORT = (("query", "q"), ("key", "k"), ("value", "v"))

_TRANSFORMERS = [
    (r"^cvt\.", ""),
    (r"^encoder\.", ""),
    (r"^layernorm\.", "norm."),
    (r"^classifier\.", "head."),
    (r"\.embedding\.convolution_embeddings\.projection\.", ".embed.proj."),
    (r"\.embedding\.convolution_embeddings\.normalization\.", ".embed.norm."),
    (r"\.layers\.", ".blocks."),
    (r"\.attention\.attention\.", ".attn."),
    (r"\.attention\.output\.dense\.", ".attn.proj."),
    *((rf"\.convolution_projection_{long}\.", f".conv_{q}.") for long, q in _SHORT),
    *((rf"\.projection_{long}\.", f".{q}.") for long, q in _SHORT),
    (r"\.convolution_projection\.convolution\.", ".conv."),
    (r"\.convolution_projection\.normalization\.", ".bn."),
    (r"\.intermediate\.dense\.", ".mlp.fc1."),
    (r"\.output\.dense\.", ".mlp.fc2."),
    (r"\.layernorm_before\.", ".norm1."),
    (r"\.layernorm_after\.", ".norm2."),
]


def from_transformers(state: State) -> State:
    """CvtForImageClassification; CvtModel alone lacks the last norm."""
    return rename(state, _TRANSFORMERS)


FORMATS = {"transformers": from_transformers}
