"""Pre-training EVA's way: predict a CLIP's features of the patches that are hidden.

Papers: EVA arXiv:2211.07636 (teacher: CLIP ViT-L/14) and EVA-02 arXiv:2303.11331
(teacher: EVA-CLIP g/14); masking in blocks from BEiT arXiv:2106.08254, Algorithm 1. The
student sees a picture with holes, the frozen teacher sees all of it; at the holes the
student has to say what the teacher sees there. No pixel is reconstructed, no text is
needed: the teacher has learned from text what is worth knowing about a patch.

Kept: block masks, the mask token in the place of the hidden patches (positions are
added after that), one linear layer as the head, the teacher's patch tokens after its
last norm and its projection, the cosine at hidden patches only. Left out: augmentation
(the teacher is asked once for each image), and decay rates for layers.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vislearn.encoders.dual import DualEncoder, unit
from vislearn.encoders.eva import EVA
from vislearn.encoders.output import VisionEncoder
from vislearn.encoders.vit import ViT
from vislearn.losses.reconstruction import masked_feature_loss
from vislearn.train.loop import History, OnStep, descend
from vislearn.train.seed import own_generator

ATTEMPTS = 10  # to place one block, as in BEiT's code
ASPECT = 0.3  # height / width of a block lies between this and its inverse


def block_mask(
    grid: tuple[int, int],
    ratio: float = 0.4,
    generator: torch.Generator | None = None,
    smallest: int | None = None,
) -> Tensor:
    """Hide a part of a grid of patches in blocks (arXiv:2106.08254, Algorithm 1).

    A single hidden patch can be guessed from its neighbours, a hidden block cannot.
    Blocks of random area, shape and place are laid over the grid, overlaps allowed,
    until the wanted number is reached; none is allowed to hide too many. If ten in a
    row do not fit, single patches drawn at random make up the rest, so that the number
    is exact: round(ratio · h · w). (BEiT's and EVA's code may end with fewer.)

    Args:
        grid: rows and columns (h, w).
        ratio: part to hide; 0.4 in BEiT and EVA.
        generator: where the random numbers come from; torch's own if None.
        smallest: area of the smallest block, in patches, while so many are missing;
            None for a sixteenth of the grid, which is EVA's 16 patches of 16 × 16.

    Shapes:
        returns bool (h, w), True = hidden

    Raises:
        ValueError: if nothing or everything would be hidden, or a number is impossible.
    """
    h, w = grid
    wanted = hidden_patches(grid, ratio)
    smallest = max(1, h * w // 16) if smallest is None else smallest
    if smallest < 1:
        raise ValueError(f"smallest must be at least 1, got {smallest}")
    mask = torch.zeros(h, w, dtype=torch.bool)
    missing, failed = wanted, 0
    while missing > 0 and failed < ATTEMPTS:
        rows, columns = _block(grid, min(smallest, missing), missing, generator)
        hole = mask[rows, columns]
        new = hole.numel() - int(hole.sum())
        if 0 < new <= missing:
            hole[:] = True
            missing, failed = missing - new, 0
        else:
            failed += 1
    visible = (~mask).flatten().nonzero()[:, 0]
    rest = torch.randperm(len(visible), generator=generator)[:missing]
    mask.view(-1)[visible[rest]] = True
    return mask


def hidden_patches(grid: tuple[int, int], ratio: float) -> int:
    """How many patches `block_mask` hides: round(ratio · h · w).

    Raises:
        ValueError: if that is none or all of them.
    """
    h, w = grid
    wanted = round(ratio * h * w) if 0 < ratio < 1 and min(grid) > 0 else 0
    if not 0 < wanted < h * w:
        raise ValueError(
            f"ratio {ratio} of a grid of {h} × {w} must hide at least one patch "
            "and leave one"
        )
    return wanted


def block_masks(
    count: int,
    grid: tuple[int, int],
    ratio: float = 0.4,
    generator: torch.Generator | None = None,
) -> Tensor:
    """One `block_mask` for each of `count` images: bool (count, h · w).

    Raises:
        ValueError: as `block_mask`, or if there are no images.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    masks = [block_mask(grid, ratio, generator).flatten() for _ in range(count)]
    return torch.stack(masks)


class MaskedStudent(nn.Module):
    """An encoder with a token for what it cannot see, and a head for what it guesses.

    A hidden patch is replaced after the patch embedding and before the positions: the
    student knows *where* something is missing. After the training `student.encoder` is
    what one keeps.

    Args:
        encoder: a ViT or EVA; trained.
        target_width: E, the width of the teacher's tokens.

    Shapes:
        images (B, C, H, W), mask (B, N) bool, True = hidden -> (B, N, E)

    Raises:
        ValueError: if the encoder is no ViT, or the mask does not fit the patches.
    """

    def __init__(self, encoder: ViT, target_width: int) -> None:
        super().__init__()
        if not isinstance(encoder, ViT):
            raise ValueError(
                f"the student must be a ViT or EVA, got {type(encoder).__name__}"
            )
        if target_width < 1:
            raise ValueError(f"target_width must be at least 1, got {target_width}")
        D = encoder.config.width
        self.encoder = encoder
        self.mask_token = nn.Parameter(torch.empty(D))
        self.head = nn.Linear(D, target_width)
        nn.init.trunc_normal_(self.mask_token, std=0.02)
        nn.init.trunc_normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, images: Tensor, mask: Tensor) -> Tensor:
        encoder = self.encoder
        grid = encoder.patch_embed.grid(images)
        if mask.dtype != torch.bool or mask.shape != (len(images), math.prod(grid)):
            raise ValueError(
                f"expected a mask of shape ({len(images)}, {math.prod(grid)}), bool, "
                f"got {tuple(mask.shape)} {mask.dtype}"
            )
        x = encoder.patch_embed(images)  # (B, N, D)
        x = torch.where(mask[..., None], self.mask_token.to(x.dtype), x)
        x = encoder.encode(encoder.place(x, grid), grid).tokens  # (B, N, D)
        return self.head(normalised(encoder, x))  # (B, N, E)


def normalised(encoder: VisionEncoder, tokens: Tensor) -> Tensor:
    """Patch tokens after the encoder's last norm.

    An EVA that averages has its last norm behind the average: it is what the norm of
    pre-training becomes, so it is used on every token here.

    Shapes:
        tokens (B, N, D) as in the encoder's output -> (B, N, D)
    """
    return encoder.fc_norm(tokens) if isinstance(encoder, EVA) else tokens


@torch.no_grad()
def teacher_features(
    teacher: VisionEncoder, images: Tensor, batch_size: int = 256
) -> Tensor:
    """What the student has to guess: the teacher's patch tokens, of length 1.

    The tokens go the way that CLS goes in a CLIP: last norm, then the projection into
    the space of the texts, although no text asked for them. Nothing of the teacher
    changes, and no gradient reaches it. The cosine does not see the length.

    Args:
        teacher: any encoder with patch tokens; of a dual encoder, its image tower.
        images: (M, C, H, W), float.
        batch_size: images at once.

    Shapes:
        images (M, C, H, W) -> (M, N, E), on the device of the images

    Raises:
        ValueError: if `batch_size` is below 1, or the teacher refuses the images.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size={batch_size}: expected at least 1")
    tower = teacher.visual if isinstance(teacher, DualEncoder) else teacher
    device = next(tower.parameters()).device
    modes = [(module, module.training) for module in tower.modules()]
    tower.eval()
    features = []
    try:
        for batch in images.split(batch_size):
            tokens = normalised(tower, tower(batch.to(device)).tokens)  # (b, N, D)
            project = getattr(tower, "proj", None)
            if isinstance(project, nn.Linear):
                tokens = project(tokens)  # (b, N, E)
            features.append(unit(tokens).to(images.device))
    finally:
        for module, training in modes:
            module.training = training
    return torch.cat(features)


def constant_loss(targets: Tensor) -> float:
    """The loss of the best student that says the same about every patch.

    Where the features of a teacher point in similar directions, a student that has
    learned nothing about images can be far below 0: compare with this, not with 0. The
    best constant is the mean of the targets: it has the largest sum of cosines.

    Shapes:
        targets (M, N, E) as from `teacher_features`

    Raises:
        ValueError: if the targets have another shape.
    """
    if targets.ndim != 3 or 0 in targets.shape:
        raise ValueError(f"expected targets (M, N, E), got {tuple(targets.shape)}")
    mean = unit(targets.flatten(0, 1).mean(dim=0))  # (E,)
    return -float((targets @ mean).mean())


def fit_masked_features(
    student: MaskedStudent,
    teacher: VisionEncoder,
    images: Tensor,
    *,
    steps: int,
    ratio: float = 0.4,
    batch_size: int = 64,
    lr: float = 1e-3,
    weight_decay: float = 0.05,
    warmup: int | None = None,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> History:
    """Train a student to predict a teacher's features where the picture is hidden.

        teacher = create_model("clip_vit_b32", img_size=32, patch_size=8, width=64, ...)
        encoder = create_model("eva02_s14", img_size=32, patch_size=8, width=64, ...)
        student = MaskedStudent(encoder, target_width=teacher.config.embed_dim)
        fit_masked_features(student, teacher, images, steps=300)

    The loss is −1 at best; what it is without any learning says `constant_loss`. Every
    batch has new masks.

    Args:
        student: trained; left in eval mode.
        teacher: not changed; must cut the images into the same grid of patches.
        images: (M, C, H, W), float, prepared as both want them.
        steps: number of updates.
        ratio: part of the patches to hide.
        batch_size, lr, weight_decay, warmup, on_step: see `vislearn.train.fit`.
        seed: order of the batches, and (by numbers of their own) the masks.

    Raises:
        ValueError: if there are no images, the teacher's tokens have another grid or
            width than the student's, the ratio is impossible, or `fit` refuses.
    """
    if images.ndim != 4 or len(images) == 0:
        raise ValueError(
            f"images have shape {tuple(images.shape)}, expected (M, C, H, W)"
        )
    encoder = student.encoder
    grid = encoder.patch_embed.grid(images[:1])
    hidden_patches(grid, ratio)
    targets = teacher_features(teacher, images)  # (M, N, E)
    _check_targets(targets, grid, student.head.out_features)
    device = next(student.parameters()).device
    draw = own_generator(seed, "masks")

    def value(chosen: Tensor) -> Tensor:
        mask = block_masks(len(chosen), grid, ratio, draw).to(device)  # (B, N)
        predicted = student(images[chosen].to(device), mask)  # (B, N, E)
        return masked_feature_loss(predicted, targets[chosen].to(device), mask)

    return descend(
        student,
        value,
        len(images),
        steps=steps,
        batch_size=batch_size,
        lr=lr,
        weight_decay=weight_decay,
        warmup=warmup,
        seed=seed,
        on_step=on_step,
    )


def _block(
    grid: tuple[int, int],
    smallest: int,
    largest: int,
    generator: torch.Generator | None,
) -> tuple[slice, slice]:
    """Rows and columns of one block: random area, then shape, then place."""
    area, shape, top, left = torch.rand(4, generator=generator).tolist()
    area = smallest + area * (largest - smallest)
    aspect = math.exp((2 * shape - 1) * math.log(1 / ASPECT))  # height / width
    sides = (math.sqrt(area * aspect), math.sqrt(area / aspect))
    slices = []
    for side, whole, place in zip(sides, grid, (top, left), strict=True):
        length = min(max(round(side), 1), whole)
        start = int(place * (whole - length + 1))
        slices.append(slice(start, start + length))
    return slices[0], slices[1]


def _check_targets(targets: Tensor, grid: tuple[int, int], width: int) -> None:
    _, N, E = targets.shape
    if math.prod(grid) != N:
        raise ValueError(
            f"the student has {grid[0]} × {grid[1]} = {math.prod(grid)} patches and "
            f"the teacher {N}: they must cut the images alike"
        )
    if width != E:
        raise ValueError(
            f"the student's head has {width} outputs and the teacher's tokens {E}"
        )
