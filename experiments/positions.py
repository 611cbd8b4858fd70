"""What does each kind of position embedding give a small ViT, and at other sizes?

Three tasks. To name the shape that fills the picture, a ViT needs no positions; to say
on which side of the blue object the red one lies, and in which quarter an object lies,
it does. A relative bias learns these late. Two tests say why: RoPE finds the quarter
without a class token as well, so it does not owe it to a token that is not turned; and
the relative bias is trained three times as long. Other sizes: the same world is drawn
smaller and larger; accuracy before anything is adapted and after a few steps, with the
table stretched on its grid, with the table read on by number (a mistake), with RoPE,
and with the table of offsets stretched.

    nice python experiments/positions.py    # writes experiments/results/positions.json

The chapter on ViT draws both.
"""

from __future__ import annotations

import datetime
import json
import platform
import time
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vislearn.data.shapes import World
from vislearn.encoders.vit import ViT, ViTConfig
from vislearn.layers.positions import interpolate
from vislearn.layers.relative import RelativeBias
from vislearn.train import fit

RESULT = Path(__file__).parent / "results" / "positions.json"
SIZE, PATCH = 32, 8
SETTINGS: dict[str, Any] = {
    "model": {"patch_size": PATCH, "width": 48, "depth": 2, "heads": 4},
    "size": SIZE,
    "train": {"images": 4000, "seed": 1},
    "test": {"images": 1000, "seed": 2, "during_training": 500},
    "steps": 500,
    "batch_size": 64,
    "lr": 3e-3,
    "record_every": 100,
    "longer": 3,
    "other_sizes": [24, 40, 48, 64],
    "adapt": {"images": 1000, "seed": 3, "steps": 40, "lr": 1e-3, "test": 500},
}
SEEDS = (0, 1, 2)
KINDS = ("none", "learned", "factorised", "sincos_2d", "relative", "rope")
# How the positions get to another size: the kind, and what is done to its table.
WAYS = {
    "stretched": "learned",
    "by number": "learned",
    "rope": "rope",
    "relative": "relative",
}
# Two tests of an explanation, on the task "quarter" only: the kind, other options of
# the model, and how many times as long it trains.
TESTS: dict[str, tuple[str, dict[str, Any], int]] = {
    "rope, no CLS": ("rope", {"class_token": False, "pooling": "gap"}, 1),
    "relative, 3 times": ("relative", {}, SETTINGS["longer"]),
}
Task = tuple[Tensor, Tensor]  # images normalised (B, 3, H, W), labels (B,)


def shape(scenes: int, seed: int, size: int) -> Task:
    """Which of 8 shapes fills the picture?"""
    batch = World(size=size).sample(scenes, seed=seed)
    return batch.images, batch.labels


def side(scenes: int, seed: int, size: int) -> Task:
    """Is the red object left of the blue one, right of it, above or below?

    Kept are scenes with one of each, a clear answer, and no cell of a 4 × 4 grid that
    holds both: a single patch must not give the answer away.
    """
    world = World(size=size, objects=(2, 2), colours=("red", "blue"), sizes=("small",))
    batch = world.sample(scenes, seed=seed)
    red = batch.colours == 0  # (B, 2)
    first, second = batch.centres.unbind(1)  # each (B, 2): x and y
    step = torch.where(red[:, :1], first - second, second - first)
    far, near = step.abs().amax(1), step.abs().amin(1)
    cells = F.max_pool2d((batch.alphas > 0).float(), size // 4)  # (B, 2, 4, 4)
    keep = (red.sum(1) == 1) & (far > 0.08) & (far > 1.5 * near)
    keep &= ~(cells[:, 0] * cells[:, 1]).flatten(1).any(1)
    across = step[:, 0].abs() > step[:, 1].abs()
    label = torch.where(across, step[:, 0] > 0, 2 + (step[:, 1] > 0).long())
    return batch.images[keep], label[keep]


def quarter(scenes: int, seed: int, size: int) -> Task:
    """In which quarter of the picture lies the object?"""
    batch = World(size=size, sizes=("small",)).sample(scenes, seed=seed)
    place = batch.centres[:, 0] - 0.5  # x and y from the middle
    keep = (place.abs() > 0.06).all(1)
    label = (place[:, 0] > 0).long() + 2 * (place[:, 1] > 0).long()
    return batch.images[keep], label[keep]


class Question(NamedTuple):
    draw: Any
    classes: int
    kept: float  # at least this share of scenes is kept


TASKS = {
    "shape": Question(shape, 8, 1.0),
    "side": Question(side, 4, 0.11),
    "quarter": Question(quarter, 4, 0.55),
}


def draw(task: str, count: int, seed: int, size: int = SIZE) -> Task:
    """`count` pictures of a task."""
    question = TASKS[task]
    images, labels = question.draw(int(count / question.kept) + 50, seed, size)
    if len(images) < count:
        raise ValueError(f"{task}: only {len(images)} of {count} scenes were kept")
    return (images[:count] - 0.5) / 0.5, labels[:count]


def build(task: str, seed: int, size: int = SIZE, **options: Any) -> ViT:
    torch.manual_seed(seed)
    classes, sizes = TASKS[task].classes, SETTINGS["model"]
    config = ViTConfig(img_size=size, num_classes=classes, **sizes, **options)
    model = ViT(config)
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
    return model


@torch.no_grad()
def right(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    model.eval()
    guesses = torch.cat([model(part).logits.argmax(1) for part in images.split(500)])
    return round((guesses == labels).float().mean().item(), 4)


def train(
    task: str,
    kind: str,
    seed: int,
    data: Task,
    test: Task,
    times: int = 1,
    **options: Any,
) -> tuple[ViT, dict[str, Any]]:
    """Train once at the usual size; the model, and what happened."""
    model, every = build(task, seed, pos=kind, **options), SETTINGS["record_every"]
    part = SETTINGS["test"]["during_training"]

    def record(step: int, _: nn.Module) -> dict[str, float] | None:
        if step % every != every - 1:
            return None
        return {"right": right(model, test[0][:part], test[1][:part])}

    history = fit(
        model,
        *data,
        steps=times * SETTINGS["steps"],
        batch_size=SETTINGS["batch_size"],
        lr=SETTINGS["lr"],
        seed=seed,
        on_step=record,
    )
    steps, curve = history.column("right")
    run = {"task": task, "pos": kind, "seed": seed, "steps": steps, "right": curve}
    return model, {**run, "final": right(model, *test)}


def moved(model: ViT, task: str, way: str, size: int) -> ViT:
    """The model for pictures of another size, its positions brought there one way."""
    other = build(task, 0, size, pos=WAYS[way])
    state, old, new = dict(model.state_dict()), model.config.grid, other.config.grid
    if way == "stretched":
        state["pos_embed"] = interpolate(state["pos_embed"], old, new, prefix=1)
    elif way == "by number":  # patch 0, 1, 2, …; from the start again at the end
        first, table = state["pos_embed"].split([1, old[0] * old[1]], dim=1)
        rows = torch.arange(new[0] * new[1]) % table.shape[1]
        state["pos_embed"] = torch.cat([first, table[:, rows]], dim=1)
    elif way == "relative":
        for name, bias in model.named_modules():
            if isinstance(bias, RelativeBias):
                key = f"{name}.relative_position_bias_table"
                state[key] = torch.cat(bias.entries(new)).detach()
    other.load_state_dict(state)
    return other


def adapt(model: ViT, task: str, way: str, seed: int, size: int) -> dict[str, Any]:
    """Accuracy at another size before and after a few steps there."""
    settings = SETTINGS["adapt"]
    data, test = OTHER[task, size]
    other = moved(model, task, way, size)
    before = right(other, *test)
    fit(other, *data, steps=settings["steps"], lr=settings["lr"], seed=seed)
    row = {"task": task, "way": way, "seed": seed, "size": size}
    return {**row, "before": before, "after": right(other, *test)}


OTHER: dict[tuple[str, int], tuple[Task, Task]] = {}


def measure(task: str, runs: list[dict], sizes: list[dict]) -> None:
    """Every kind and seed of one task; results are appended."""
    data = draw(task, SETTINGS["train"]["images"], SETTINGS["train"]["seed"])
    test = draw(task, SETTINGS["test"]["images"], SETTINGS["test"]["seed"])
    if task != "quarter":
        for size in SETTINGS["other_sizes"]:
            there = SETTINGS["adapt"]
            OTHER[task, size] = (
                draw(task, there["images"], there["seed"], size),
                draw(task, there["test"], SETTINGS["test"]["seed"], size),
            )
    for seed in SEEDS:
        for kind in KINDS:
            model, run = train(task, kind, seed, data, test)
            runs.append(run)
            print(task, kind, seed, run["final"], flush=True)
            for way, needed in WAYS.items():
                if needed == kind and task != "quarter":
                    for size in SETTINGS["other_sizes"]:
                        sizes.append(adapt(model, task, way, seed, size))
                    print("   ", way, sizes[-4:], flush=True)
        if task == "quarter":
            for name, (kind, options, times) in TESTS.items():
                _, run = train(task, kind, seed, data, test, times, **options)
                runs.append({**run, "pos": name})
                print(task, name, seed, run["final"], flush=True)


def main() -> None:
    started = time.process_time()
    runs: list[dict[str, Any]] = []
    sizes: list[dict[str, Any]] = []
    for task in TASKS:
        measure(task, runs, sizes)
    result = {
        "claim": (__doc__ or "").splitlines()[0],
        "settings": SETTINGS,
        "seeds": list(SEEDS),
        "runs": runs,
        "sizes": sizes,
        "cpu_seconds": round(time.process_time() - started),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "hardware": {
            "processor": platform.machine(),
            "threads": torch.get_num_threads(),
        },
        "date": datetime.date.today().isoformat(),
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
