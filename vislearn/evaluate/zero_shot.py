"""Classifying with names alone: each class is the text that describes it.

Paper: CLIP, arXiv:2103.00020, section 3.1; prompts and their ensemble, section 3.1.4.

    weights = classifier(dual.encode_text, tokenizer, names, TEMPLATES["en"])  # (K, E)
    zero_shot_accuracy(dual.encode_image(images), weights, labels)

Kept: each prompt's embedding is normalised, the mean over the prompts of a class is
normalised again, so that every prompt has one vote whatever its length.
Left out: OpenAI's lists of templates; any list can be passed.
Tested against: open_clip's `build_zero_shot_classifier` (tests/parity).

A template is a text with {} where the name goes, or a function from the name to a text.
Korean needs the function where a particle follows, whose form depends on the name:

    from vislearn.data.korean import with_particle
    templates = ["{} 그림", lambda name: f"{with_particle(name, '이/가')} 있습니다."]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from vislearn.evaluate.cosine import TIE, check_width, directions

Template = str | Callable[[str], str]

# For any name; the Korean ones need no particle that changes with it.
TEMPLATES: dict[str, tuple[str, ...]] = {
    "ko": ("{}", "{} 그림", "{}의 모습", "이것은 {}입니다.", "여기에 {}만 보입니다."),
    "en": ("{}", "a picture of {}", "this is {}", "a drawing that shows {}",
           "here you see {}"),
}  # fmt: skip


def prompts(name: str, templates: Sequence[Template]) -> list[str]:
    """What is said about one class, once for each template.

    Raises:
        ValueError: if there is no template, or one has no place for the name.
    """
    if isinstance(templates, str) or not templates:
        raise ValueError(f"expected a list of templates, got {templates!r}")
    texts = []
    for template in templates:
        if callable(template):
            texts.append(template(name))
        elif "{}" in template:
            texts.append(template.replace("{}", name))
        else:
            raise ValueError(f"template {template!r} has no {{}} for the name")
    return texts


@torch.no_grad()
def classifier(
    encode_text: Callable[[Tensor], Tensor],
    tokenizer: Callable[[list[str]], Tensor],
    names: Sequence[str],
    templates: Sequence[Template] = ("{}",),
    batch: int = 256,
) -> Tensor:
    """The weights of a linear classifier, made of text (arXiv:2103.00020, 3.1.4).

    Args:
        encode_text: ids (B, L) -> embeddings (B, E), such as `dual.encode_text`.
        tokenizer: texts -> ids (B, L); `functools.partial(bpe, context=32)` sets what
            the text tower needs.
        names: of the K classes.
        templates: what is said about each; their embeddings are averaged.
        batch: prompts per forward pass; changes memory, not the result.

    Shapes:
        K names -> (K, E), rows of length 1

    Raises:
        ValueError: without names, templates or a place for the name, for a batch below
            1, or for embeddings that are not finite.
    """
    if isinstance(names, str) or not names:
        raise ValueError(f"expected a list of class names, got {names!r}")
    if batch < 1:
        raise ValueError(f"batch={batch}: expected at least 1")
    texts = [text for name in names for text in prompts(name, templates)]
    parts = [
        encode_text(tokenizer(texts[first : first + batch]))
        for first in range(0, len(texts), batch)
    ]
    embeddings = directions(torch.cat(parts), "text embeddings")  # (K · M, E)
    mean = embeddings.unflatten(0, (len(names), len(templates))).mean(dim=1)
    return F.normalize(mean, dim=-1)  # (K, E)


def zero_shot_logits(image: Tensor, weights: Tensor, scale: float = 1.0) -> Tensor:
    """Cosine of each image with each class, times a scale (1/τ, 100 for CLIP's own).

    The scale changes what softmax makes of them, not which class is first.

    Shapes:
        image (M, E), weights (K, E) -> (M, K)

    Raises:
        ValueError: if one is not (·, E), or not finite, or the two E differ.
    """
    unit = directions(image, "image embeddings")
    classes = directions(weights, "class embeddings").to(unit)
    check_width(unit, classes)
    return scale * unit @ classes.T


def zero_shot_accuracy(
    image: Tensor, weights: Tensor, labels: Tensor, k: int = 1
) -> float:
    """Share of images whose class is among the k closest, 0 to 1.

    Ties count against the image (`vislearn.evaluate.cosine`): a model that gives every
    image and text the same embedding is right in no case.

    Args:
        image: embeddings of the images.
        weights: from `classifier`.
        labels: the class of each image.
        k: how many guesses there are.

    Shapes:
        image (M, E), weights (K, E), labels (M,) int64 -> a number

    Raises:
        ValueError: as `zero_shot_logits`, for labels that do not fit, and for k
            outside of 1 … K.
    """
    scores = zero_shot_logits(image, weights)
    truth = _true_scores(scores, labels)
    if not 1 <= k <= len(weights):
        raise ValueError(f"k={k}: expected 1 … {len(weights)}, the number of classes")
    ahead = (scores > truth - TIE).sum(dim=1) - 1  # the class itself is among them
    return float((ahead < k).double().mean())


def zero_shot_confusion(image: Tensor, weights: Tensor, labels: Tensor) -> Tensor:
    """Count what is taken for what; the diagonal is `zero_shot_accuracy` times M.

    Shapes:
        image (M, E), weights (K, E), labels (M,) int64 -> (K, K) int64: in row i and
        column j the images of class i that are taken for class j

    Raises:
        ValueError: as `zero_shot_accuracy`.
    """
    scores = zero_shot_logits(image, weights)
    truth = _true_scores(scores, labels)
    own = labels[:, None].to(scores.device, torch.int64)
    rival = scores.scatter(1, own, -torch.inf).max(dim=1)  # the closest other class
    lost = rival.values > truth[:, 0] - TIE
    guesses = torch.where(lost, rival.indices, own[:, 0])
    classes = len(weights)
    cells = own[:, 0] * classes + guesses
    return torch.bincount(cells, minlength=classes**2).view(classes, classes).cpu()


def _true_scores(scores: Tensor, labels: Tensor) -> Tensor:
    """The score of each image's own class: (M, K), (M,) -> (M, 1)."""
    M, K = scores.shape
    no_numbers = labels.is_floating_point() or labels.dtype == torch.bool
    if labels.shape != (M,) or no_numbers:
        raise ValueError(
            f"expected labels ({M},) int64, got {tuple(labels.shape)} {labels.dtype}"
        )
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= K:
        raise ValueError(f"labels run from {low} to {high}, there are {K} classes")
    return scores.gather(1, labels[:, None].to(scores.device, torch.int64))
