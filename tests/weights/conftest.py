"""What tests about weights share: a Hugging Face cache of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Hugging Face cache."""
    pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def put_into_cache(hub: Path) -> Callable[..., None]:
    """put_into_cache("owner/name", "model.safetensors", state dict)"""

    def put(repository: str, file: str, state: dict[str, torch.Tensor]) -> None:
        from safetensors.torch import save_file

        folder = hub / f"models--{repository.replace('/', '--')}"
        snapshot = folder / "snapshots" / "0123abc"
        snapshot.mkdir(parents=True)
        (folder / "refs").mkdir()
        (folder / "refs" / "main").write_text("0123abc")
        if file.endswith(".safetensors"):
            save_file({k: v.contiguous() for k, v in state.items()}, snapshot / file)
        else:
            torch.save(state, snapshot / file)

    return put
