"""One of several processes: runs every distributed case and saves what it got.

    python contrastive_worker.py RANK WORLD FOLDER

`test_contrastive_distributed.py` starts as many as it needs and compares.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.overrides import TorchFunctionMode

from vislearn.losses.contrastive_distributed import (
    info_nce_distributed,
    sigmoid_loss_distributed,
)
from vislearn.train.gradient_cache import cached_backward

PAIRS, E, SEEN = 12, 5, 7  # pairs of all processes, embedding, what a tower sees
LOSSES: dict[str, tuple[Callable[..., Tensor], tuple[float, ...]]] = {
    "info_nce": (info_nce_distributed, (14.3,)),
    "sigmoid": (sigmoid_loss_distributed, (10.0, -3.0)),
}


def embeddings(dtype: torch.dtype = torch.float64) -> list[Tensor]:
    """Images and texts of all processes, somewhat alike, of length 1."""
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(PAIRS, E, generator=generator, dtype=torch.float64)
    text = image + torch.randn(PAIRS, E, generator=generator, dtype=torch.float64)
    return [F.normalize(x, dim=1).to(dtype) for x in (image, text)]


class Towers(nn.Module):
    """Two linear towers, a scale and a bias: something for DDP to average."""

    def __init__(self, numbers: tuple[float, ...]) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.image = nn.Linear(SEEN, E, dtype=torch.float64)
        self.text = nn.Linear(SEEN, E, dtype=torch.float64)
        self.numbers = nn.ParameterList(
            torch.tensor(value, dtype=torch.float64) for value in numbers
        )

    def forward(self, images: Tensor, texts: Tensor) -> tuple[Tensor, ...]:
        image, text = self.image(images), self.text(texts)
        pair = F.normalize(image, dim=1), F.normalize(text, dim=1)
        return *pair, *(number * 1 for number in self.numbers)


def seen() -> tuple[Tensor, Tensor]:
    """What the towers see on all processes."""
    generator = torch.Generator().manual_seed(2)
    both = torch.randn(2, PAIRS, SEEN, generator=generator, dtype=torch.float64)
    return both[0], both[1]


def part(x: Tensor, rank: int, world: int) -> Tensor:
    """The rows of one process."""
    return x.chunk(world)[rank].clone()


class LargestTensor(TorchFunctionMode):
    """Keeps the number of entries of the largest result of any operation."""

    entries = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for result in out if isinstance(out, tuple) else (out,):
            if isinstance(result, Tensor):
                self.entries = max(self.entries, result.numel())
        return out


def plain_gradients(name: str, rank: int, world: int, dtype: torch.dtype) -> dict:
    loss, values = LOSSES[name]
    own = [part(x, rank, world) for x in embeddings(dtype)]
    wide = torch.promote_types(dtype, torch.float32)
    numbers = [torch.tensor(value, dtype=wide) for value in values]
    leaves = [x.requires_grad_() for x in own + numbers]
    value = loss(*leaves)
    (2 * value).backward()  # twice, so that a lost incoming gradient shows
    return {"value": value.detach(), "gradients": [leaf.grad for leaf in leaves]}


def averaged_by_ddp(name: str, rank: int, world: int) -> dict | None:
    """Gradients of the towers' parameters; two processes, as DDP is slow to load."""
    if world != 2:
        return None
    loss, values = LOSSES[name]
    model = DistributedDataParallel(Towers(values))
    value = loss(*model(*(part(x, rank, world) for x in seen())))
    value.backward()
    named = model.module.named_parameters()
    return {"value": value.detach(), "gradients": {n: p.grad for n, p in named}}


def cached_behind_ddp(name: str, rank: int, world: int) -> dict | None:
    """The same by gradient caching: under `no_sync`, averaged at the end by hand."""
    if world != 2:
        return None
    loss, values = LOSSES[name]
    model = DistributedDataParallel(Towers(values))
    encoders = (lambda x: model(x, x)[0], lambda x: model(x, x)[1])
    with model.no_sync():
        value = cached_backward(
            encoders,
            [part(x, rank, world) for x in seen()],
            lambda image, text: loss(image, text, *model.module.numbers),
            chunk=4,
        )
    for parameter in model.parameters():
        dist.all_reduce(parameter.grad)
        parameter.grad /= world
    named = model.module.named_parameters()
    return {"value": value, "gradients": {n: p.grad for n, p in named}}


def within_the_last_two(name: str, rank: int, world: int) -> Tensor | str | None:
    """The loss of a group of processes whose ranks are not those of the world."""
    if world < 4:
        return None
    group = dist.new_group([world - 2, world - 1])
    loss, values = LOSSES[name]
    own = [part(x, rank, world) for x in embeddings()]
    try:
        return loss(*own, *values, group=group)
    except ValueError as error:
        return str(error)


def messages(name: str, rank: int, world: int) -> dict[str, str]:
    """What each kind of bad input on the last process says here."""
    distributed, values = LOSSES[name]
    image, text = (part(x, rank, world) for x in embeddings())
    last = rank == world - 1
    broken = text.clone()
    if last:
        broken[0, 0] = float("nan")
    few = len(image) - 1 if last else len(image)

    def loss(x: Tensor, y: Tensor, scale: float = values[0]) -> Tensor:
        return distributed(x, y, scale, *values[1:])

    other = [x.float() if last else x for x in (image, text)]
    half = [x.to(torch.bfloat16 if last else torch.float16) for x in (image, text)]
    missing: Any = None if last else values[0]
    untrue: Any = text.tolist() if last else text
    cases: dict[str, Callable[[], object]] = {
        "dtype": lambda: loss(*other),
        "half": lambda: loss(*half),
        "no number": lambda: loss(image, text, scale=missing),
        "no tensor": lambda: loss(image, untrue),
        "unequal": lambda: loss(image[:few], text[:few]),
        "broken": lambda: loss(image, broken),
        "scale": lambda: loss(image, text, scale=5.0 if last else 4.0),
        "second": lambda: second_derivative(name, image, text),
    }
    said = {}
    for case, call in cases.items():
        try:
            call()
            said[case] = "nothing"
        except (ValueError, NotImplementedError) as error:
            said[case] = str(error)
    return said


def second_derivative(name: str, image: Tensor, text: Tensor) -> None:
    loss, values = LOSSES[name]
    image.requires_grad_()
    torch.autograd.grad(loss(image, text, *values), image, create_graph=True)


def largest(name: str, rank: int, world: int) -> int:
    """Entries of the largest tensor while there are 40 pairs on each process."""
    loss, values = LOSSES[name]
    torch.manual_seed(rank)
    own = [F.normalize(torch.randn(40, E), dim=1).requires_grad_() for _ in range(2)]
    with LargestTensor() as watch:
        loss(*own, *values).backward()
    return watch.entries


def main(rank: int, world: int, folder: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo",
        init_method=f"file://{folder / 'meeting'}",
        rank=rank,
        world_size=world,
        timeout=datetime.timedelta(seconds=120),
    )
    result = {
        name: {
            "messages": messages(name, rank, world),  # first: nothing may be broken
            "float64": plain_gradients(name, rank, world, torch.float64),
            "float16": plain_gradients(name, rank, world, torch.float16),
            "ddp": averaged_by_ddp(name, rank, world),
            "cached": cached_behind_ddp(name, rank, world),
            "group": within_the_last_two(name, rank, world),
            "largest": largest(name, rank, world),
        }
        for name in LOSSES
    }
    torch.save(result, folder / f"{rank}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
