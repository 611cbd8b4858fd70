"""EVA's pre-training: block masks, a student with holes, a teacher left as it is."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import vislearn
from vislearn.losses.reconstruction import masked_feature_loss
from vislearn.train.masked_features import (
    MaskedStudent,
    block_mask,
    block_masks,
    constant_loss,
    fit_masked_features,
    hidden_patches,
    teacher_features,
)

TINY: dict[str, Any] = {
    "img_size": 32,
    "patch_size": 8,
    "width": 32,
    "depth": 2,
    "heads": 4,
}
TEXT: dict[str, Any] = {
    "embed_dim": 24,
    "text_width": 16,
    "text_depth": 1,
    "text_heads": 2,
    "context": 8,
    "vocab_size": 50,
}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def make_teacher(name: str = "clip_vit_b32") -> Any:
    torch.manual_seed(1)
    return vislearn.create_model(name, **TINY, **TEXT)


def make_student(name: str = "eva02_b14", target_width: int = 24) -> Any:
    torch.manual_seed(0)
    hidden: dict[str, Any] = {"mlp_hidden": 64} if name.startswith("eva") else {}
    encoder: Any = vislearn.create_model(name, **TINY, **hidden)
    return MaskedStudent(encoder, target_width)


def pictures(count: int = 6) -> Tensor:
    return torch.randn(count, 3, 32, 32, generator=generator(5))


def lonely(mask: Tensor) -> int:
    """Hidden patches without a hidden neighbour."""
    p = F.pad(mask.float(), (1, 1, 1, 1))
    beside = p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:]
    return int((mask & (beside == 0)).sum())


@pytest.mark.parametrize("grid", [(16, 16), (4, 4), (2, 2), (3, 11), (1, 9)], ids=str)
@pytest.mark.parametrize("ratio", [0.15, 0.4, 0.75])
def test_exactly_the_wanted_number_is_hidden(grid, ratio) -> None:
    draw, (h, w) = generator(), grid
    for _ in range(50):
        mask = block_mask(grid, ratio, draw)
        assert mask.shape == grid
        assert mask.dtype == torch.bool
        assert int(mask.sum()) == round(ratio * h * w) == hidden_patches(grid, ratio)


def test_of_evas_grid_102_of_256_patches_are_hidden() -> None:
    assert int(block_mask((16, 16), 0.4, generator()).sum()) == 102


def test_hidden_patches_lie_in_blocks() -> None:
    """At random 0.6⁴ = 13 % of the hidden patches inside have no hidden neighbour."""
    draw = generator()
    blocks = [block_mask((16, 16), 0.4, draw) for _ in range(100)]
    alone = sum(map(lonely, blocks)) / sum(int(mask.sum()) for mask in blocks)
    assert alone < 0.01
    order = [torch.randperm(256, generator=draw) < 102 for _ in range(100)]
    at_random = [mask.view(16, 16) for mask in order]
    assert sum(map(lonely, at_random)) / 10_200 > 0.1


def test_larger_smallest_blocks_have_less_border() -> None:
    def border(smallest: int) -> int:
        draw, edges = generator(), 0
        for _ in range(100):
            mask = block_mask((16, 16), 0.4, draw, smallest=smallest).int()
            edges += int(mask.diff(dim=0).abs().sum() + mask.diff(dim=1).abs().sum())
        return edges

    assert border(64) < border(16) < border(1)


def test_every_patch_is_hidden_now_and_then() -> None:
    masks = block_masks(500, (6, 10), 0.4, generator()).float().mean(0)
    assert float(masks.mean()) == pytest.approx(0.4)
    assert float(masks.min()) > 0.1
    assert float(masks.max()) < 0.7


def test_the_same_seed_hides_the_same_patches() -> None:
    first, again = (block_masks(4, (8, 8), 0.4, generator(3)) for _ in range(2))
    assert torch.equal(first, again)
    other = block_masks(4, (8, 8), 0.4, generator(4))
    assert not torch.equal(first, other)
    assert len({tuple(mask.tolist()) for mask in first}) == 4  # each image its own


@pytest.mark.parametrize(
    ("grid", "ratio"),
    [((4, 4), 0.0), ((4, 4), 1.0), ((4, 4), 0.01), ((4, 4), 0.99), ((0, 4), 0.4)],
)
def test_hiding_nothing_or_everything_is_refused(grid, ratio) -> None:
    with pytest.raises(ValueError, match=f"ratio {ratio} of a grid of {grid[0]} ×"):
        block_mask(grid, ratio)


def test_impossible_block_is_refused() -> None:
    with pytest.raises(ValueError, match="smallest must be at least 1, got 0"):
        block_mask((4, 4), smallest=0)


STUDENTS = ["eva02_b14", "eva02_ti14", "vit_b16", "deit_b16_distilled"]


@pytest.mark.parametrize("name", STUDENTS)
def test_student_answers_in_the_teachers_width(name) -> None:
    student, masks = make_student(name), block_masks(2, (4, 4))
    assert student(pictures(2), masks).shape == (2, 16, 24)
    wide = torch.randn(2, 3, 24, 48)
    assert student(wide, block_masks(2, (3, 6))).shape == (2, 18, 24)


@pytest.mark.parametrize("name", STUDENTS)
def test_student_cannot_see_what_is_hidden(name) -> None:
    student, images = make_student(name).eval(), pictures(1)
    mask = torch.zeros(1, 16, dtype=torch.bool)
    mask[0, 5] = True  # second row, second column: pixels 8 to 15
    changed = images.clone()
    changed[:, :, 8:16, 8:16] += 3
    with torch.no_grad():
        assert torch.equal(student(images, mask), student(changed, mask))
        none = torch.zeros_like(mask)
        assert not torch.allclose(student(images, none), student(changed, none))


def test_student_knows_where_something_is_missing() -> None:
    student = make_student().eval()
    mask = torch.ones(1, 16, dtype=torch.bool)
    with torch.no_grad():
        guesses = student(pictures(1), mask)[0]
    assert float(torch.pdist(guesses).min()) > 1e-4  # no two places alike


def test_eva_that_averages_is_normalised_before_the_head() -> None:
    student, images = make_student().eval(), pictures(2)
    mask = torch.zeros(2, 16, dtype=torch.bool)
    encoder = student.encoder
    with torch.no_grad():
        expected = student.head(encoder.fc_norm(encoder(images).tokens))
        torch.testing.assert_close(student(images, mask), expected)


def test_mask_token_does_not_decay() -> None:
    student = make_student()
    groups = vislearn.train.parameter_groups(student, 0.1)
    kept = {id(parameter) for parameter in groups[1]["params"]}
    assert id(student.mask_token) in kept


TEACHERS = ["clip_vit_b32", "eva_clip_b16", "eva_clip_e14", "vit_b16", "eva02_b14"]


def teacher_of(name: str) -> Any:
    if "clip" in name:
        return make_teacher(name)
    return make_student(name).encoder


@pytest.mark.parametrize("name", TEACHERS)
def test_targets_have_length_one_and_no_gradient(name) -> None:
    features = teacher_features(teacher_of(name), pictures(3), batch_size=2)
    assert features.shape == (3, 16, 24 if "clip" in name else 32)
    torch.testing.assert_close(features.norm(dim=-1), torch.ones(3, 16))
    assert not features.requires_grad


def test_targets_of_a_clip_go_the_way_of_cls() -> None:
    teacher, images = make_teacher().eval(), pictures(2)
    with torch.no_grad():
        out = teacher.visual(images)
        expected = F.normalize(teacher.visual.proj(out.tokens), dim=-1)
        cls = teacher.visual.proj(out.prefix[:, 0])
    torch.testing.assert_close(teacher_features(teacher, images), expected)
    torch.testing.assert_close(cls, out.pooled)
    torch.testing.assert_close(teacher_features(teacher.visual, images), expected)


def test_teacher_is_asked_in_eval_mode_and_left_in_its_own() -> None:
    teacher = vislearn.create_model("vit_b16", **TINY, drop_path=0.5)
    for training in (True, False):
        teacher.train(training)
        first, second = (teacher_features(teacher, pictures(4)) for _ in range(2))
        assert torch.equal(first, second)
        assert teacher.training == training


def test_every_part_of_the_teacher_is_left_in_its_own_mode() -> None:
    teacher = make_teacher().train()
    teacher.visual.blocks[0].eval()  # somebody's frozen block
    before = [module.training for module in teacher.modules()]
    teacher_features(teacher, pictures(2))
    assert [module.training for module in teacher.modules()] == before
    with pytest.raises(ValueError, match="expected images"):
        teacher_features(teacher, torch.zeros(2, 5, 32, 32))
    assert [module.training for module in teacher.modules()] == before


@pytest.mark.parametrize("batch_size", [0, -1])
def test_impossible_batches_of_the_teacher_are_refused(batch_size) -> None:
    with pytest.raises(ValueError, match=f"batch_size={batch_size}: expected at least"):
        teacher_features(make_teacher(), pictures(2), batch_size=batch_size)


@pytest.mark.parametrize("shape", [(4, 5), (0, 4, 5)])
def test_targets_of_another_shape_are_refused(shape) -> None:
    message = rf"expected targets \(M, N, E\), got \({shape[0]}, "
    with pytest.raises(ValueError, match=message):
        constant_loss(torch.zeros(shape))


def test_masks_of_no_image_are_refused() -> None:
    with pytest.raises(ValueError, match="count must be at least 1, got 0"):
        block_masks(0, (4, 4))


def test_no_constant_guess_is_better_than_the_mean() -> None:
    targets = teacher_features(make_teacher(), pictures(4))
    best, everywhere = constant_loss(targets), torch.ones(4, 16, dtype=torch.bool)
    guesses = torch.randn(200, 24, generator=generator())
    guesses = torch.cat([guesses, targets.mean((0, 1)) + 0.01 * guesses])
    others = [
        float(masked_feature_loss(guess.expand(4, 16, 24), targets, everywhere))
        for guess in guesses
    ]
    assert -1 < best < min(others)
    assert best == pytest.approx(min(others), abs=0.02)


def test_constant_guess_is_perfect_if_all_patches_look_alike() -> None:
    alike = F.normalize(torch.randn(24, generator=generator()), dim=0)
    assert constant_loss(alike.expand(2, 3, 24)) == pytest.approx(-1)
    opposite = torch.stack([alike, -alike])[None]
    assert constant_loss(opposite) == pytest.approx(0, abs=1e-6)


def test_visible_patches_cost_nothing() -> None:
    student, teacher, images = make_student(), make_teacher(), pictures(3)
    mask = block_masks(3, (4, 4), 0.4, generator())
    targets = teacher_features(teacher, images)
    predicted = student(images, mask)
    predicted.retain_grad()
    loss = masked_feature_loss(predicted, targets, mask)
    loss.backward()
    sizes = predicted.grad.abs().sum(-1)  # (B, N)
    assert (sizes[~mask] == 0).all()
    assert (sizes[mask] > 0).all()
    elsewhere = torch.where(mask[..., None], targets, -targets)
    torch.testing.assert_close(
        masked_feature_loss(predicted, elsewhere, mask), loss.detach()
    )


def test_no_gradient_reaches_the_teacher_and_nothing_of_it_changes() -> None:
    student, teacher = make_student(), make_teacher()
    before = {key: value.clone() for key, value in teacher.state_dict().items()}
    fit_masked_features(student, teacher, pictures(), steps=3, batch_size=4)
    assert all(parameter.grad is None for parameter in teacher.parameters())
    for key, value in teacher.state_dict().items():
        assert torch.equal(value, before[key]), key


def test_every_parameter_of_the_student_but_the_unused_learns() -> None:
    student, teacher, images = make_student(), make_teacher(), pictures(3)
    mask = block_masks(3, (4, 4), 0.4, generator())
    predicted = student(images, mask)
    masked_feature_loss(predicted, teacher_features(teacher, images), mask).backward()
    silent = [name for name, p in student.named_parameters() if p.grad is None]
    assert silent == []
    assert float(student.mask_token.grad.abs().max()) > 0


def test_student_learns_to_guess_its_teacher() -> None:
    student, teacher = make_student(), make_teacher()
    history = fit_masked_features(
        student, teacher, pictures(8), steps=60, batch_size=8, lr=3e-3
    )
    first, last = history.loss[0], sum(history.loss[-5:]) / 5
    assert -1 <= last < first - 0.3
    assert not student.training


def test_the_same_seed_gives_the_same_run_and_another_one_another() -> None:
    def losses(seed: int) -> list[float]:
        student, teacher = make_student(), make_teacher()
        run = fit_masked_features(
            student, teacher, pictures(), steps=4, batch_size=4, seed=seed
        )
        return run.loss

    assert losses(0) == losses(0)
    assert losses(0) != losses(1)


def test_every_update_has_new_masks() -> None:
    seen = []

    class Watching(MaskedStudent):
        def forward(self, images: Tensor, mask: Tensor) -> Tensor:
            seen.append(mask.clone())
            return super().forward(images, mask)

    student = Watching(make_student().encoder, 24)
    fit_masked_features(student, make_teacher(), pictures(), steps=4, batch_size=6)
    assert len(seen) == 4
    assert all((mask.sum(1) == 6).all() for mask in seen)  # round(0.4 · 16)
    assert not torch.equal(seen[0], seen[1])


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (torch.zeros(2, 15, dtype=torch.bool), r"\(2, 16\), bool, got \(2, 15\)"),
        (torch.zeros(1, 16, dtype=torch.bool), r"\(2, 16\), bool, got \(1, 16\)"),
        (torch.zeros(2, 16), "got .* torch.float32"),
    ],
)
def test_mask_that_does_not_fit_is_refused(mask, message) -> None:
    with pytest.raises(ValueError, match=message):
        make_student()(pictures(2), mask)


def test_student_without_patches_or_outputs_is_refused() -> None:
    cnn: Any = vislearn.create_model("resnet18")
    with pytest.raises(ValueError, match="must be a ViT or EVA, got ResNet"):
        MaskedStudent(cnn, 8)
    with pytest.raises(ValueError, match="target_width must be at least 1, got 0"):
        make_student(target_width=0)


@pytest.mark.parametrize(
    ("target_width", "patch_size", "ratio", "message"),
    [
        (25, 8, 0.4, "head has 25 outputs and the teacher's tokens 24"),
        (24, 16, 0.4, "the student has 4 × 4 = 16 patches and the teacher 4"),
        (24, 8, 1.5, "ratio 1.5 of a grid of 4 × 4"),
    ],
)
def test_pair_that_does_not_fit_is_refused(
    target_width, patch_size, ratio, message
) -> None:
    student = make_student(target_width=target_width)
    sizes = {**TINY, "patch_size": patch_size}
    teacher = vislearn.create_model("clip_vit_b32", **sizes, **TEXT)
    with pytest.raises(ValueError, match=message):
        fit_masked_features(student, teacher, pictures(), steps=1, ratio=ratio)


def test_images_of_another_kind_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \(M, C, H, W\)"):
        fit_masked_features(make_student(), make_teacher(), torch.zeros(3, 4), steps=1)
