"""Our EVA-02 beside timm's: the same weights, interleaved, one thread.

    python benchmarks/eva_speed.py --size s14 --batch 2 --rounds 7

Sizes ti14 and s14 have packed layers in timm as they have here; in b14 and l14 timm
keeps q, k and v apart, and gate and values. How it is measured:
`shared/interleaved.py`.
"""

from __future__ import annotations

import torch
from shared.interleaved import Models, arguments_of, compare

import vislearn
from vislearn.registry import configure
from vislearn.weights import import_timm, load

TIMM = {"ti14": "tiny", "s14": "small", "b14": "base", "l14": "large"}


def build(name: str, size: str) -> Models:
    """The two models with equal weights, and how each gives its patch tokens."""
    if size not in TIMM:
        raise SystemExit(f"size must be one of {', '.join(TIMM)}, got {size}")
    theirs = import_timm().create_model(f"eva02_{TIMM[size]}_patch14_224")
    ours = load(vislearn.create_model(name), theirs.state_dict(), format="timm")
    return {
        "vislearn": (ours, lambda x: ours(x).tokens),
        "timm": (theirs, lambda x: theirs.forward_features(x)[:, 1:]),
    }


def main() -> None:
    arguments = arguments_of(__doc__, size="s14")
    torch.manual_seed(0)
    name = f"eva02_{arguments.size}"
    models = build(name, arguments.size)
    images = torch.randn(arguments.batch, 3, *configure(name).image_shape)
    compare(name, models, images, arguments.rounds, arguments.json)


if __name__ == "__main__":
    main()
