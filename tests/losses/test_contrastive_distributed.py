"""1, 2, 3 and 4 gloo processes together do what one process does alone."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor

import vislearn
from vislearn.losses.contrastive import info_nce, sigmoid_loss
from vislearn.losses.contrastive_distributed import (
    info_nce_distributed,
    sigmoid_loss_distributed,
)

WORKER = Path(__file__).parent / "contrastive_worker.py"
DENSE: dict[str, Callable[..., Tensor]] = {
    "info_nce": info_nce,
    "sigmoid": sigmoid_loss,
}
pytestmark = pytest.mark.skipif(
    not (dist.is_available() and dist.is_gloo_available()),
    reason="this torch was built without gloo",
)


def load_worker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("contrastive_worker", WORKER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


worker = load_worker()


@pytest.fixture(scope="module", params=[1, 2, 3, 4])
def results(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Any]]:
    """What every process saved, in the order of their ranks; started once per size."""
    world, folder = request.param, tmp_path_factory.mktemp("processes")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    if not Path("/sys/class/net/lo").exists():
        del environment["GLOO_SOCKET_IFNAME"]
    processes = [
        subprocess.Popen(
            [sys.executable, str(WORKER), str(rank), str(world), str(folder)],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(world)
    ]
    try:
        said = [process.communicate(timeout=240)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert [process.returncode for process in processes] == [0] * world, "".join(said)
    return [torch.load(folder / f"{rank}.pt") for rank in range(world)]


def single_process(name: str, dtype: torch.dtype = torch.float64) -> tuple:
    """Value and gradients of all pairs, of twice the loss, as the worker has them."""
    pair = [x.double() for x in worker.embeddings(dtype)]
    numbers = [torch.tensor(v, dtype=torch.float64) for v in worker.LOSSES[name][1]]
    leaves = [x.requires_grad_() for x in pair + numbers]
    value = DENSE[name](*leaves)
    return value.detach(), torch.autograd.grad(2 * value, leaves)


def close(ours: Tensor, theirs: Tensor, tolerance: float = 1e-12) -> None:
    torch.testing.assert_close(
        ours.double(), theirs.double(), rtol=tolerance, atol=tolerance
    )


@pytest.mark.parametrize("name", DENSE)
def test_the_mean_over_processes_is_the_loss_of_one_process(name, results) -> None:
    expected, _ = single_process(name)
    close(torch.stack([r[name]["float64"]["value"] for r in results]).mean(), expected)


@pytest.mark.parametrize("name", DENSE)
def test_embeddings_get_the_gradient_of_the_sum_over_processes(name, results) -> None:
    _, expected = single_process(name)
    for position in (0, 1):  # image, text
        parts = [r[name]["float64"]["gradients"][position] for r in results]
        close(torch.cat(parts) / len(results), expected[position])


@pytest.mark.parametrize("name", DENSE)
def test_scale_and_bias_average_to_the_gradient_of_one_process(name, results) -> None:
    _, expected = single_process(name)
    for position in range(2, len(expected)):
        parts = [r[name]["float64"]["gradients"][position] for r in results]
        close(torch.stack(parts).mean(), expected[position])


@pytest.mark.parametrize("name", DENSE)
@pytest.mark.parametrize("way", ["ddp", "cached"])
def test_after_ddp_every_parameter_has_the_gradient_of_one_process(
    name, way, results
) -> None:
    if len(results) != 2:
        assert all(r[name][way] is None for r in results)
        return
    model = worker.Towers(worker.LOSSES[name][1])
    loss = DENSE[name](*model(*worker.seen()))
    loss.backward()
    close(torch.stack([r[name][way]["value"] for r in results]).mean(), loss.detach())
    for result in results:
        for key, parameter in model.named_parameters():
            assert parameter.grad is not None
            close(result[name][way]["gradients"][key], parameter.grad)


@pytest.mark.parametrize("name", DENSE)
def test_half_precision_is_computed_in_float32(name, results) -> None:
    expected, gradients = single_process(name, torch.float16)
    values = [r[name]["float16"]["value"] for r in results]
    assert {value.dtype for value in values} == {torch.float32}
    close(torch.stack(values).mean(), expected, 1e-6)
    parts = [r[name]["float16"]["gradients"][0] for r in results]
    assert {part.dtype for part in parts} == {torch.float16}
    close(torch.cat(parts) / len(parts), gradients[0], 2e-3)


@pytest.mark.parametrize("name", DENSE)
def test_a_group_of_processes_is_a_world_of_its_own(name, results) -> None:
    if len(results) < 4:
        assert all(r[name]["group"] is None for r in results)
        return
    *outside, third, fourth = (r[name]["group"] for r in results)
    values = [third, fourth]
    for said in outside:
        assert "this process is not in the group" in said
    image, text = (x[worker.PAIRS // 2 :] for x in worker.embeddings())
    close(torch.stack(values).mean(), DENSE[name](image, text, *worker.LOSSES[name][1]))


@pytest.mark.parametrize("name", DENSE)
def test_bad_input_on_one_process_stops_all_of_them(name, results) -> None:
    if len(results) == 1:
        assert "text embedding 0 has NaN" in results[0][name]["messages"]["broken"]
        return
    *others, last = (r[name]["messages"] for r in results)
    n = worker.PAIRS // len(results)
    sizes = ", ".join([str(n)] * len(others) + [str(n - 1)])
    scales = ", ".join(["4"] * len(others) + ["5"])
    for said in (*others, last):
        assert (
            f"number of pairs must be the same on every process, got {sizes}"
            in (said["unequal"])
        )
        assert (
            f"the scale must be the same on every process, got {scales}"
            in (said["scale"])
        )
    assert "text embedding 0 has NaN or infinity in it" in last["broken"]
    assert "scale must be one number, got None" in last["no number"]
    assert "got image Tensor, text list" in last["no tensor"]
    for said in others:
        for case in ("broken", "no number", "no tensor"):
            assert f"process {len(others)} has bad input" in said[case]


@pytest.mark.parametrize("name", DENSE)
def test_embeddings_of_another_dtype_on_one_process_stop_all_of_them(
    name, results
) -> None:
    """gloo would end the process, or read the bits of bfloat16 as float16."""
    if len(results) == 1:
        return
    for said in (r[name]["messages"] for r in results):
        for case, usual, last in (
            ("dtype", "float64", "float32"),
            ("half", "float16", "bfloat16"),
        ):
            kinds = ", ".join([f"torch.{usual}"] * (len(results) - 1))
            expected = f"the dtype must be the same on every process, got {kinds}, "
            assert f"{expected}torch.{last} (in" in said[case]


@pytest.mark.parametrize("name", DENSE)
def test_second_derivatives_are_refused(name, results) -> None:
    for result in results:
        assert "no second derivatives" in result[name]["messages"]["second"]


def test_the_ring_never_holds_more_than_own_images_times_one_neighbours_texts(
    results,
) -> None:
    n, R = 40, len(results)
    for result in results:
        assert result["sigmoid"]["largest"] == n * n
        assert result["info_nce"]["largest"] == n * n * R  # whole rows


@pytest.mark.parametrize("loss", [info_nce_distributed, sigmoid_loss_distributed])
def test_without_a_process_group_the_dense_loss_is_recommended(loss) -> None:
    numbers = (1.0,) if loss is info_nce_distributed else (1.0, 0.0)
    with pytest.raises(ValueError, match="is not initialised: call init_process_group"):
        loss(torch.ones(2, 3), torch.ones(2, 3), *numbers)


def test_losses_are_found_in_their_room() -> None:
    assert vislearn.losses.info_nce_distributed is info_nce_distributed
    assert vislearn.losses.sigmoid_loss_distributed is sigmoid_loss_distributed
