"""What parity tests share: reference packages, random weights, a table of results.

Each parity test compares one quantity of one system with one reference and reports the
largest difference, relative to the largest value of the reference, through
`record_parity`. `pytest tests/parity --parity-report=FILE` writes the figures as JSON;
without the option they are only printed.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

os.environ["HF_HUB_OFFLINE"] = "1"

import pytest
import torch
from torch import Tensor, nn

from vislearn.weights.torchvision_ops import declare_missing_operators

TOLERANCE = 1e-5  # of the reference's largest value, float32
ROWS = pytest.StashKey[list[dict]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--parity-report", metavar="FILE", help="write the figures here")


def pytest_configure(config: pytest.Config) -> None:
    config.stash.setdefault(ROWS, [])


@pytest.fixture
def reference() -> Callable[[str], ModuleType]:
    """Import a reference package, or skip the test and say which one is missing."""

    def load(name: str) -> ModuleType:
        declare_missing_operators()
        return pytest.importorskip(name, reason=f"{name} is not installed")

    return load


@pytest.fixture
def randomise() -> Callable[[nn.Module, float], nn.Module]:
    """Give every parameter and running statistic a random value.

    Fresh models hide mistakes behind zero biases and unit scales. Weights that multiply
    a channel (norms, LayerScale) are drawn around 1, everything else around 0.
    """

    def apply(module: nn.Module, std: float) -> nn.Module:
        generator = torch.Generator().manual_seed(0)

        def normal(tensor: Tensor, mean: float) -> None:
            noise = torch.randn(tensor.shape, generator=generator)
            tensor.copy_(mean + std * noise)

        with torch.no_grad():
            for name, parameter in module.named_parameters():
                factor = parameter.ndim == 1 and not name.endswith("bias")
                normal(parameter, 1.0 if factor else 0.0)
            for name, buffer in module.named_buffers():
                if name.endswith("running_mean"):
                    normal(buffer, 0.0)
                elif name.endswith("running_var"):
                    normal(buffer, 1.0)
                    buffer.abs_().clamp_(min=0.1)
        return module.eval()

    return apply


@pytest.fixture
def images() -> Callable[..., Tensor]:
    """Random images (2, 3, H, W), the same in every test."""

    def draw(height: int, width: int) -> Tensor:
        generator = torch.Generator().manual_seed(1)
        return torch.randn(2, 3, height, width, generator=generator)

    return draw


@pytest.fixture
def difference() -> Callable[[Tensor, Tensor], float]:
    """Largest difference, divided by the largest value of the reference."""

    def measure(ours: Tensor, theirs: Tensor) -> float:
        assert ours.shape == theirs.shape
        ours, theirs = ours.detach().double(), theirs.detach().double()
        return float((ours - theirs).abs().max() / theirs.abs().max())

    return measure


@pytest.fixture
def gradient_difference() -> Callable[[dict, dict], float]:
    """The same for gradients by name, each tensor against its own largest value.

    Tensors whose gradient is almost nothing (below a thousandth of the largest) are
    measured against that thousandth: their own scale is rounding noise.
    """

    def measure(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> float:
        assert ours.keys() == theirs.keys()
        largest = max(float(value.abs().max()) for value in theirs.values())
        errors = []
        for name, value in theirs.items():
            scale = max(float(value.abs().max()), 1e-3 * largest)
            errors.append(float((ours[name] - value).abs().max()) / scale)
        return max(errors)

    return measure


@pytest.fixture
def record_parity(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Keep one figure for the table, and fail if it is above the tolerance."""

    def record(
        system: str,
        reference: str,
        quantity: str,
        error: float,
        tolerance: float = TOLERANCE,
    ) -> None:
        row = {
            "system": system,
            "reference": reference,
            "quantity": quantity,
            "error": error,
            "tolerance": tolerance,
        }
        request.config.stash[ROWS].append(row)
        assert error <= tolerance, f"{system} {quantity} against {reference}: {error}"

    return record


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    """Print the worst figure of each row, and write them all if asked to."""
    worst: dict[tuple[str, str, str], dict] = {}
    for row in config.stash.get(ROWS, []):
        key = (row["system"], row["reference"], row["quantity"])
        before = worst.get(key)
        cases = 1 if before is None else before["cases"] + 1
        if before is None or row["error"] > before["error"]:
            before = row
        worst[key] = {**before, "cases": cases}
    if not worst:
        return
    terminalreporter.section("parity: largest difference / largest reference value")
    for (system, reference, quantity), row in worst.items():
        terminalreporter.write_line(
            f"{system:26} {reference:13} {quantity:10} {row['error']:9.1e}"
            f"  (≤ {row['tolerance']:.0e}, {row['cases']} cases)"
        )
    path = config.getoption("--parity-report", default=None)
    if path:
        report = {"versions": _versions(worst), "rows": list(worst.values())}
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _versions(rows: dict[tuple[str, str, str], dict]) -> dict[str, str]:
    packages = sorted({"torch"} | {reference for _, reference, _ in rows})
    installed_as = {"open_clip": "open_clip_torch"}
    return {
        name: importlib.metadata.version(installed_as.get(name, name))
        for name in packages
    }
