"""The training loop: repeatable, able to learn, clear when it cannot."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

import vislearn
from vislearn.layers.positions import FactorisedPositions
from vislearn.layers.relative import RelativeBias
from vislearn.train import fit, parameter_groups


class Tiny(nn.Module):
    """A linear classifier that speaks like an encoder of the library."""

    def __init__(self, seed: int = 0, dropout: float = 0.0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.pos_embed = nn.Parameter(torch.zeros(1, 16, 1))
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(16, 2)

    def forward(self, images: Tensor) -> SimpleNamespace:
        tokens = images.flatten(1) + self.pos_embed.flatten(1)
        return SimpleNamespace(logits=self.head(self.drop(tokens)))


def brighter_half(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Images (M, 1, 4, 4) whose label says whether the left half is brighter."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(count, 1, 4, 4, generator=generator)
    labels = (images[..., :2].sum((1, 2, 3)) > images[..., 2:].sum((1, 2, 3))).long()
    return images, labels


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_learns_a_toy_problem_within_a_band(seed):
    images, labels = brighter_half(512, seed)
    model = Tiny(seed)
    fit(model, images, labels, steps=150, batch_size=32, lr=0.05, seed=seed)
    test_images, test_labels = brighter_half(512, seed + 100)
    with torch.no_grad():
        correct = model(test_images).logits.argmax(1) == test_labels
    assert correct.float().mean() > 0.93


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    images, labels = brighter_half(64, 0)
    runs = [
        fit(Tiny(dropout=0.3), images, labels, steps=10, batch_size=8, seed=seed)
        for seed in (5, 5, 6)
    ]
    assert runs[0].loss == runs[1].loss
    assert runs[0].loss != runs[2].loss


def test_every_image_is_seen_once_in_an_epoch_even_when_batches_do_not_divide_it():
    images = torch.arange(10.0).reshape(10, 1, 1, 1).expand(10, 1, 4, 4)
    seen: list[float] = []

    def remember(output, labels: Tensor) -> Tensor:
        seen.extend(labels.tolist())
        return output.logits.sum()

    marks = torch.arange(10)
    fit(Tiny(), images, marks, steps=5, batch_size=4, loss=remember)  # two epochs
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    assert seen[:10] != seen[10:]


def test_a_loss_that_is_not_finite_names_the_step_and_the_learning_rate():
    images, labels = brighter_half(16, 0)
    calls = []

    def explode(output, labels: Tensor) -> Tensor:
        calls.append(1)
        return output.logits.sum() * (math.nan if len(calls) == 3 else 1.0)

    message = r"loss is nan at step 2 \(learning rate 1\.00e-02\)"
    with pytest.raises(ValueError, match=message):
        fit(
            Tiny(), images, labels, steps=9, batch_size=4, lr=0.01, warmup=3,
            loss=explode,
        )  # fmt: skip


def test_the_learning_rate_rises_then_falls_along_the_cosine():
    images, labels = brighter_half(16, 0)
    history = fit(Tiny(), images, labels, steps=10, batch_size=4, lr=1.0, warmup=4)
    assert history.lr[:5] == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0])
    assert history.lr[7] == pytest.approx(0.5)  # half-way down
    assert history.lr[9] == pytest.approx(0.5 * (1 + math.cos(math.pi * 5 / 6)))


def test_what_on_step_returns_is_kept_with_its_step():
    images, labels = brighter_half(16, 0)

    def measure(step: int, model: nn.Module) -> dict[str, float] | None:
        return {"square": float(step**2)} if step % 2 == 0 else None

    history = fit(Tiny(), images, labels, steps=5, batch_size=4, on_step=measure)
    assert history.column("square") == ([0, 2, 4], [0.0, 4.0, 16.0])
    with pytest.raises(ValueError, match=r"'cube'.*\['square'\]"):
        history.column("cube")


def test_fit_prints_nothing(capsys):
    images, labels = brighter_half(16, 0)
    fit(Tiny(), images, labels, steps=3, batch_size=4)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_smooth_is_the_mean_of_the_last_losses():
    images, labels = brighter_half(16, 0)
    history = fit(Tiny(), images, labels, steps=6, batch_size=4)
    assert history.smooth(3)[0] == pytest.approx(history.loss[0])
    assert history.smooth(3)[5] == pytest.approx(sum(history.loss[3:6]) / 3)


def test_biases_and_position_embeddings_do_not_decay():
    model = Tiny()
    decay, keep = parameter_groups(model, 0.1)
    assert [id(p) for p in decay["params"]] == [id(model.head.weight)]
    assert {id(p) for p in keep["params"]} == {
        id(model.pos_embed),
        id(model.head.bias),
    }
    assert (decay["weight_decay"], keep["weight_decay"]) == (0.1, 0.0)


def test_prefix_tokens_do_not_decay():
    model = vislearn.create_model("deit_ti16_distilled", registers=2, device="meta")
    _, keep = parameter_groups(model, 0.1)
    kept = {id(p) for p in keep["params"]}
    assert {id(model.cls_token), id(model.dist_token), id(model.reg_token)} <= kept


def test_position_tables_inside_modules_do_not_decay():
    model = torch.nn.Module()
    model.pos_embed = FactorisedPositions((2, 3), 4)
    model.rel_pos = RelativeBias((2, 3), 2)
    (only,) = parameter_groups(model, 0.1)
    assert only["weight_decay"] == 0.0
    assert len(only["params"]) == 3


def test_frozen_parameters_are_left_out():
    model = Tiny().requires_grad_(False)
    model.head.bias.requires_grad_(True)
    (only,) = parameter_groups(model, 0.1)
    assert [id(p) for p in only["params"]] == [id(model.head.bias)]
    with pytest.raises(ValueError, match="no parameter that requires a gradient"):
        parameter_groups(Tiny().requires_grad_(False), 0.1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": torch.zeros(4, 4, 4)}, r"\(4, 4, 4\), expected \(M, C, H, W\)"),
        ({"labels": torch.zeros(3)}, "4 images but 3 labels"),
        ({"steps": 0}, "steps=0"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"steps": 2.5}, r"steps=2\.5: expected a whole number"),
        ({"batch_size": 2.5}, r"batch_size=2\.5: expected a whole number"),
        ({"seed": 1.5}, r"seed 1\.5: expected a whole number"),
        ({"lr": 0.0}, "lr=0.0"),
        ({"lr": math.nan}, "lr=nan"),
        ({"lr": math.inf}, "lr=inf"),
        ({"weight_decay": -0.1}, r"weight_decay=-0\.1: expected 0 or more"),
        ({"weight_decay": math.nan}, "weight_decay=nan: expected 0 or more"),
        (
            {"loss": lambda output, labels: output.logits.sum(dim=1)},
            r"the loss must be a tensor of one number, got shape \(2,\)",
        ),
        ({"loss": lambda output, labels: 1.0}, "tensor of one number, got float"),
        ({"loss": lambda output, labels: torch.tensor(1.0)}, "the loss has no graph"),
        ({"warmup": 5, "steps": 5}, "warmup=5: expected 0 <= warmup < steps=5"),
    ],
)
def test_bad_input_is_named(change, message):
    given = {
        "images": torch.zeros(4, 1, 4, 4),
        "labels": torch.zeros(4, dtype=torch.long),
        "steps": 2,
        "batch_size": 2,
    }
    with pytest.raises(ValueError, match=message):
        fit(Tiny(), **{**given, **change})
