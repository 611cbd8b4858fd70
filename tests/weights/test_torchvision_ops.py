"""timm can be imported whatever torch build torchvision was compiled for."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from vislearn.weights import torchvision_ops


def run(code: str) -> str:
    """Run code in a fresh interpreter, because operators are global."""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_timm_can_be_imported() -> None:
    if importlib.util.find_spec("timm") is None:
        pytest.skip("timm is not installed")
    out = run(
        "from vislearn.weights import import_timm\n"
        "timm = import_timm()\n"
        "print(timm.create_model('vit_tiny_patch16_224').num_classes)"
    )
    assert out == "1000"


def test_operators_are_declared_once_and_only_where_they_are_missing() -> None:
    out = run(
        "import torch\n"
        "from vislearn.weights import torchvision_ops as ops\n"
        "loads = ops._operators_load()\n"
        "print(loads, ops.declare_missing_operators(), ops.declare_missing_operators())"
    )
    loads, first, second = out.split()
    assert (first, second) == (("False",) * 2 if loads == "True" else ("True",) * 2)


def test_nothing_is_declared_when_the_operators_load(monkeypatch) -> None:
    monkeypatch.setattr(torchvision_ops, "_library", None)
    monkeypatch.setattr(torchvision_ops, "_operators_load", lambda: True)
    assert torchvision_ops.declare_missing_operators() is False


def test_nothing_is_declared_without_torchvision(monkeypatch) -> None:
    monkeypatch.setattr(torchvision_ops, "_library", None)
    monkeypatch.setattr(torchvision_ops, "_installed", lambda: False)
    assert torchvision_ops.declare_missing_operators() is False


def test_missing_package_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr(torchvision_ops.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"timm is not installed; pip install"):
        torchvision_ops.import_timm()
