"""Pretrained weights that somebody has already put into the Hugging Face cache.

Nothing here opens a connection: `huggingface_hub.try_to_load_from_cache` only looks at
the disk. What is not there is explained, with the command that fetches it.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch
from torch import Tensor

from vislearn.weights.torchvision_ops import import_open_clip, import_timm

_FILES = ("model.safetensors", "pytorch_model.bin")
_OPEN_CLIP_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")


def read_cached(source: str) -> tuple[str, dict[str, Tensor]]:
    """Read "timm:NAME", "transformers:NAME" or "open_clip:NAME/TAG" from the cache.

    Returns:
        the format, and the state dict on the CPU.

    Raises:
        ValueError: if the source is not understood or the weights are not there.
    """
    format, colon, name = source.partition(":")
    if not colon or not name or format not in ("timm", "transformers", "open_clip"):
        raise ValueError(
            "expected 'timm:NAME', 'transformers:NAME', 'open_clip:NAME/TAG' or a "
            f"state dict, got {source!r}"
        )
    if importlib.util.find_spec("huggingface_hub") is None:
        raise ValueError(
            "huggingface_hub is not installed, so there is no cache to read; "
            'pip install "vislearn[parity]" brings it'
        )
    repository, files = _place(format, name)
    path = cached_file(repository, files)
    if path is None:
        raise ValueError(
            f"{source} is not in the local Hugging Face cache, and nothing is "
            "downloaded unasked; with a network, fetch it once: "
            f"hf download {repository} {files[0]}"
        )
    return format, read_file(path)


def _place(format: str, name: str) -> tuple[str, tuple[str, ...]]:
    """The repository of a package's weights, and the files that may hold them."""
    if format == "open_clip":
        return open_clip_repository(name), _OPEN_CLIP_FILES
    return (timm_repository(name) if format == "timm" else name), _FILES


def timm_repository(name: str) -> str:
    """The Hugging Face repository of a timm model's weights.

    timm names weights "architecture.tag"; without the tag its default is looked up.

    Raises:
        ValueError: if timm does not know the architecture or has no weights for it.
    """
    if "." in name:
        return f"timm/{name}"
    try:
        pretrained = import_timm().get_pretrained_cfg(name)
    except RuntimeError:
        pretrained = None
    tag = getattr(pretrained, "tag", None)
    if not tag:
        raise ValueError(f"timm has no pretrained weights named {name!r}")
    return f"timm/{name}.{tag}"


def open_clip_repository(name: str) -> str:
    """The Hugging Face repository of "NAME/TAG", as in `open_clip.list_pretrained()`.

    Raises:
        ValueError: if open_clip does not know the name or the tag.
    """
    model, _, tag = name.partition("/")
    open_clip = import_open_clip()
    tags = open_clip.list_pretrained_tags_by_model(model)
    if not tags:
        raise ValueError(f"open_clip has no pretrained weights named {model!r}")
    place = open_clip.get_pretrained_cfg(model, tag).get("hf_hub")
    if not place:
        raise ValueError(
            f"open_clip:{model} needs one of the tags {', '.join(tags)}, got {tag!r}"
        )
    return "/".join(place.split("/")[:2])  # what may follow is a file's name


def cached_file(repository: str, files: tuple[str, ...] = _FILES) -> Path | None:
    """The newest cached file with the weights of a repository, or None."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    for file in files:
        try:
            found = try_to_load_from_cache(repository, file)
        except HFValidationError:
            raise ValueError(f"{repository!r} is not a repository name") from None
        if isinstance(found, str):
            return Path(found)
    return None


def read_file(path: Path) -> dict[str, Tensor]:
    """A state dict from a .safetensors file or a pickle of tensors only."""
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)
