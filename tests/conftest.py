"""For all tests: offline, and torchvision importable beside a CPU build of torch."""

from __future__ import annotations

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")


def pytest_configure() -> None:
    from vislearn.weights.torchvision_ops import declare_missing_operators

    declare_missing_operators()
