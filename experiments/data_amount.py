"""How does accuracy grow with the number of training images, for a CNN and a ViT?

Claim: at equal size and compute a CNN needs far fewer images than a ViT; the lead
shrinks with more images; a convolutional stem wins most of it back.

    python experiments/data_amount.py          # adds the runs that are missing
    python experiments/data_amount.py cnn vit  # only these models
    python experiments/data_amount.py --again  # measures everything anew

Every run uses the same number of updates as the other models with the same images. How
updates grow with the images is said in `SERIES`. Learning rates are chosen for each
model and data set from the same list, on images that are neither trained nor tested on.
The seed draws the training images, the initial weights and the order of the batches.

Two ViTs are taught by the CNN of the same seed, which has seen the same labels:
"distilled" learns its hard answers on the training images, "answered" also on images
without labels (`UNLABELLED`), where those answers stand for the labels, too.
"""

from __future__ import annotations

import datetime
import json
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import vislearn
from vislearn.budget.flops import count_flops
from vislearn.budget.parameters import count_parameters
from vislearn.data.images import digits
from vislearn.data.shapes import World
from vislearn.evaluate import accuracy
from vislearn.train import fit
from vislearn.train.distill import fit_distilled, teacher_logits

RESULT = Path(__file__).parent / "results" / "data_amount.json"
TRANSFORMER: dict[str, Any] = {"patch_size": 8, "width": 64, "heads": 4}
MODELS: dict[str, dict[str, Any]] = {
    "cnn": {"name": "resnet18", "width": 24, "depths": (1, 1, 1)},
    "vit": {"name": "vit_b16", "depth": 4, **TRANSFORMER},
    "hybrid": {
        "name": "hybrid_b_r50",
        "stem": "conv",
        "stem_width": 16,
        "stem_depths": (1, 1, 1),
        "depth": 3,
        **TRANSFORMER,
    },
    "distilled": {"name": "deit_b16_distilled", "depth": 4, **TRANSFORMER},
    "answered": {"name": "deit_b16_distilled", "depth": 4, **TRANSFORMER},
}
TAUGHT = ("distilled", "answered")
UNLABELLED = {"digits": 1200}  # images in all, labelled ones included
DATA: dict[str, dict[str, Any]] = {
    "digits": {
        "images": "scikit-learn digits, 8 × 8, each pixel drawn 4 × 4",
        "channels": 1,
        "classes": 10,
        "pool": 1200,
        "validation": 200,
        "test": 397,
    },
    "shapes": {
        "images": "vislearn.data.shapes",
        "world": {"size": 32, "difficulty": "hard"},
        "channels": 3,
        "classes": 8,
        "validation": 500,
        "test": 2000,
    },
}
SERIES: dict[str, dict[str, Any]] = {
    "digits, equal updates": {
        "data": "digits",
        "updates": {100: 300, 300: 300, 1200: 300},
        "models": ["cnn", "vit", "hybrid", "distilled"],
        "seeds": (0, 1, 2, 3, 4),
    },
    "digits, answered": {
        "data": "digits",
        "updates": {100: 300, 300: 300},
        "models": ["answered"],
        "seeds": (0, 1, 2, 3, 4),
    },
    "digits, equal epochs": {
        "data": "digits",
        "updates": {100: 100, 300: 300, 1200: 1200},
        "models": ["cnn", "vit"],
        "seeds": (0, 1, 2),
    },
    "shapes": {
        "data": "shapes",
        "updates": {1000: 400, 4000: 500, 16000: 800},
        "models": ["cnn", "vit", "hybrid"],
        "seeds": (0, 1, 2),
    },
    "shapes, longest": {
        "data": "shapes",
        "updates": {64000: 2000},
        "models": ["cnn", "vit"],
        "seeds": (0,),
    },
}
BATCH_SIZE = 64
LEARNING_RATES = (1e-3, 3e-3, 9e-3, 2.7e-2)
SEARCH = {"digits": (300, 300), "shapes": (4000, 400)}  # images, updates
SETTINGS: dict[str, Any] = {
    "models": MODELS,
    "data": DATA,
    "series": SERIES,
    "img_size": 32,
    "batch_size": BATCH_SIZE,
    "weight_decay": 0.05,
    "initial_linear_weights": "xavier_uniform",
    "learning_rates": LEARNING_RATES,
    "search": SEARCH,
    "search_seed": 9,
    "rate_of_answered": "that of distilled",
    "unlabelled": UNLABELLED,
}


def normalise(images: Tensor) -> Tensor:
    return (images - 0.5) / 0.5


def training_images(data: str, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """The first `count` images of a seed's order; more images include the fewer."""
    if data == "digits":
        pool, _ = _digits()
        order = torch.randperm(1200, generator=torch.Generator().manual_seed(seed))
        chosen = order[:count]
        return pool[0][chosen], pool[1][chosen]
    return _shapes(count, seed=100 + seed)


def held_out(data: str, part: str) -> tuple[Tensor, Tensor]:
    """Images for choosing the learning rate ("validation"), or for testing ("test")."""
    if data == "digits":
        _, rest = _digits()
        place = slice(0, 200) if part == "validation" else slice(200, None)
        return rest[0][place], rest[1][place]
    return _shapes(DATA["shapes"][part], seed=3 if part == "validation" else 2)


def _digits() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """(images, labels) of the pool, and of all other digits; the split is fixed."""
    parts = digits().split(DATA["digits"]["pool"], seed=0)
    first, second = (
        (normalise(F.interpolate(part.images, scale_factor=4)), part.labels)
        for part in parts
    )
    return first, second


def _shapes(count: int, seed: int) -> tuple[Tensor, Tensor]:
    world = World(**DATA["shapes"]["world"])
    batch = world.sample(count, seed=seed)
    return normalise(batch.images), batch.labels


def build(model: str, data: str, seed: int) -> nn.Module:
    """A model with the initial weights of a seed."""
    torch.manual_seed(seed)
    options = {"channels": DATA[data]["channels"], "num_classes": DATA[data]["classes"]}
    network = vislearn.create_model(**MODELS[model], **options, img_size=32)
    for layer in network.modules():
        if isinstance(layer, nn.Linear):  # see experiments/vit_init.py
            nn.init.xavier_uniform_(layer.weight)
    return network


def train(
    model: str,
    data: str,
    seed: int,
    images: Tensor,
    labels: Tensor,
    updates: int,
    rate: float,
    teacher: nn.Module | None = None,
) -> nn.Module:
    """Train a model; two of them also learn from a teacher's answers."""
    network = build(model, data, seed)
    options = {"steps": updates, "batch_size": BATCH_SIZE, "lr": rate, "seed": seed}
    if model in TAUGHT:
        assert teacher is not None
        if model == "answered":
            images, _ = training_images(data, UNLABELLED[data], seed)
            answers = teacher_logits(teacher, images[len(labels) :]).argmax(1)
            labels = torch.cat([labels, answers])
        fit_distilled(network, teacher, images, labels, **options)  # type: ignore[arg-type]
    else:
        fit(network, images, labels, **options)  # type: ignore[arg-type]
    return network


def search_rates(data: str, found: dict[str, Any], models: list[str]) -> None:
    """Validation accuracy of every learning rate, and the best one, per model."""
    count, updates = SEARCH[data]
    images, labels = training_images(data, count, seed=9)
    for model in models:
        if model in found or model == "answered":
            continue
        scores = {}
        for rate in LEARNING_RATES:
            teacher = None
            if model in TAUGHT:
                best = found["cnn"]["rate"]
                teacher = train("cnn", data, 9, images, labels, updates, best)
            network = train(model, data, 9, images, labels, updates, rate, teacher)
            scores[str(rate)] = round(
                accuracy(network, *held_out(data, "validation")), 4
            )
        rate = float(max(scores, key=lambda key: scores[key]))
        found[model] = {"rate": rate, "validation": scores}
        print(data, model, scores, flush=True)


def plan() -> Iterator[tuple[str, int, int, int, list[str]]]:
    """(data, images, updates, seed, models), the CNN first: it teaches."""
    jobs: dict[tuple[str, int, int, int], list[str]] = {}
    for series in SERIES.values():
        for count, updates in series["updates"].items():
            for seed in series["seeds"]:
                wanted = jobs.setdefault((series["data"], count, updates, seed), [])
                wanted += [m for m in series["models"] if m not in wanted]
    for (data, count, updates, seed), models in jobs.items():
        yield data, count, updates, seed, models


def measure(result: dict[str, Any], only: list[str]) -> None:
    """Run what the plan holds and the result does not; save after each run."""
    done = {
        (run["data"], run["images"], run["updates"], run["seed"], run["model"])
        for run in result["runs"]
    }
    for data, count, updates, seed, models in plan():
        missing = [
            model
            for model in models
            if model in only and (data, count, updates, seed, model) not in done
        ]
        if missing:
            measure_together(result, data, count, updates, seed, missing)


def measure_together(
    result: dict[str, Any],
    data: str,
    count: int,
    updates: int,
    seed: int,
    models: list[str],
) -> None:
    """Run models on the same images; the CNN comes first, because it teaches."""
    images, labels = training_images(data, count, seed)
    rates = {model: row["rate"] for model, row in result["rates"][data].items()}
    rates["answered"] = rates.get("distilled", 0.0)
    teacher = None
    taught = set(TAUGHT) & set(models)
    for model in [m for m in MODELS if m in models or (taught and m == "cnn")]:
        started = time.process_time()
        network = train(
            model, data, seed, images, labels, updates, rates[model], teacher
        )
        teacher = network if model == "cnn" else teacher
        if model not in models:
            continue
        run = {
            "data": data,
            "model": model,
            "images": count,
            "updates": updates,
            "seed": seed,
            "test": round(accuracy(network, *held_out(data, "test")), 4),
            "train": round(accuracy(network, images[:1000], labels[:1000]), 4),
            "seconds": round(time.process_time() - started, 1),
        }
        print(*run.values(), flush=True)
        result["runs"].append(run)
        save(result)


def costs() -> dict[str, dict[str, dict[str, int]]]:
    """Parameters and multiply-adds of every model on every data set."""
    table: dict[str, dict[str, dict[str, int]]] = {}
    for data in DATA:
        table[data] = {}
        for model in MODELS:
            network = build(model, data, seed=0).eval()
            table[data][model] = {
                "parameters": int(count_parameters(network)),  # type: ignore[arg-type]
                "multiply_adds": int(count_flops(network, img_size=32)),  # type: ignore[arg-type]
            }
    return table


def save(result: dict[str, Any]) -> None:
    result["seconds"] = round(sum(run["seconds"] for run in result["runs"]))
    result["date"] = datetime.date.today().isoformat()
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    only = [name for name in MODELS if name in sys.argv] or list(MODELS)
    settings = json.loads(json.dumps(SETTINGS))
    result: dict[str, Any] = {}
    if RESULT.is_file() and "--again" not in sys.argv:
        result = json.loads(RESULT.read_text(encoding="utf-8"))
    if result.get("settings") != settings:
        result = {"claim": (__doc__ or "").splitlines()[0], "settings": settings}
        result |= {"rates": {}, "runs": []}
    result["costs"] = costs()
    result["versions"] = {
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
    result["hardware"] = {
        "processor": platform.machine(),
        "threads": torch.get_num_threads(),
    }
    for data in DATA:
        search_rates(data, result["rates"].setdefault(data, {}), only)
        save(result)
    measure(result, only)
    save(result)


if __name__ == "__main__":
    main()
