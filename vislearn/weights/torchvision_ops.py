"""Let timm be imported where torchvision's compiled operators cannot load.

timm, transformers and open_clip import torchvision. Its wheel holds two operators
(non-maximum suppression, for detectors) in a compiled file that is built for one torch
build; beside another one, for example a CUDA-built torchvision beside a CPU-only torch,
the file does not load, and `import torchvision` stops with "operator torchvision::nms
does not exist" although nobody here detects anything. Declaring the two names, without
an implementation, is enough for the import; calling one would still fail, loudly.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType

import torch

# The declarations live as long as this object does.
_library: torch.library.Library | None = None


def declare_missing_operators() -> bool:
    """Declare torchvision's operators if its own compiled file cannot be loaded.

    Does nothing when torchvision is absent, when its operators load, or on a second
    call. Returns whether the declarations are in place.
    """
    global _library
    if _library is None and _installed() and not _operators_load():
        _library = torch.library.Library("torchvision", "DEF")
        arguments = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        _library.define(f"nms{arguments}")
        _library.define(f"qnms{arguments}")
    return _library is not None


def import_timm() -> ModuleType:
    """timm, importable on every torch build.

    Raises:
        ValueError: if timm is not installed; the message says how to install it.
    """
    return _import("timm", 'pip install "vislearn[course]"')


def import_transformers() -> ModuleType:
    """transformers, importable on every torch build.

    Raises:
        ValueError: if it is not installed; the message says how to install it.
    """
    return _import("transformers", 'pip install "vislearn[parity]"')


def import_open_clip() -> ModuleType:
    """open_clip, importable on every torch build.

    Raises:
        ValueError: if it is not installed; the message says how to install it.
    """
    return _import("open_clip", 'pip install "vislearn[parity]"')


def _import(name: str, hint: str) -> ModuleType:
    if importlib.util.find_spec(name) is None:
        raise ValueError(f"{name} is not installed; {hint} brings it")
    declare_missing_operators()
    return importlib.import_module(name)


def _installed() -> bool:
    return importlib.util.find_spec("torchvision") is not None


def _operators_load() -> bool:
    """Try to load the compiled file in the way torchvision does."""
    if hasattr(torch.ops.torchvision, "nms"):
        return True
    spec = importlib.util.find_spec("torchvision")
    folders = (spec.submodule_search_locations if spec else None) or []
    for folder in folders:
        for file in sorted(
            [*Path(folder).glob("_C*.so"), *Path(folder).glob("_C*.pyd")]
        ):
            try:
                torch.ops.load_library(str(file))
            except OSError:
                return False
    return hasattr(torch.ops.torchvision, "nms")
