"""Pretrained weights that somebody has already put into the Hugging Face cache.

Nothing here opens a connection: `huggingface_hub.try_to_load_from_cache` only looks at
the disk. What is not there is explained, with the command that fetches it.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch
from torch import Tensor

from vislearn.weights.torchvision_ops import import_timm

_FILES = ("model.safetensors", "pytorch_model.bin")


def read_cached(source: str) -> tuple[str, dict[str, Tensor]]:
    """Read "timm:NAME" or "transformers:NAME" from the local cache.

    Returns:
        the format, and the state dict on the CPU.

    Raises:
        ValueError: if the source is not understood or the weights are not there.
    """
    format, colon, name = source.partition(":")
    if not colon or not name or format not in ("timm", "transformers"):
        raise ValueError(
            f"expected 'timm:NAME', 'transformers:NAME' or a state dict, got {source!r}"
        )
    if importlib.util.find_spec("huggingface_hub") is None:
        raise ValueError(
            "huggingface_hub is not installed, so there is no cache to read; "
            'pip install "vislearn[parity]" brings it'
        )
    repository = timm_repository(name) if format == "timm" else name
    path = cached_file(repository)
    if path is None:
        raise ValueError(
            f"{source} is not in the local Hugging Face cache, and nothing is "
            "downloaded unasked; with a network, fetch it once: "
            f"hf download {repository} {_FILES[0]}"
        )
    return format, read_file(path)


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


def cached_file(repository: str) -> Path | None:
    """The newest cached file with the weights of a repository, or None."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    for file in _FILES:
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
