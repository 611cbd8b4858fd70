"""Positions: the waves by their definition, tables resized like pictures."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from vislearn.layers.positions import (
    FactorisedPositions,
    fixed_table,
    interpolate,
    sincos_1d,
    sincos_2d,
)


def test_sincos_1d_is_sines_then_cosines_of_falling_frequencies() -> None:
    table = sincos_1d(6, 8)
    for position in range(6):
        for k in range(4):
            angle = position * 10_000 ** (-k / 4)
            assert float(table[position, k]) == pytest.approx(math.sin(angle), abs=1e-6)
            assert float(table[position, 4 + k]) == pytest.approx(
                math.cos(angle), abs=1e-6
            )


@pytest.mark.parametrize(("convention", "steps"), [("mae", 4), ("moco", 3)])
def test_sincos_2d_quarters_are_column_then_row(convention: str, steps: int) -> None:
    grid = (2, 5)
    table = sincos_2d(grid, 16, convention=convention)
    for row in range(2):
        for column in range(5):
            vector = table[row * 5 + column]
            for k in range(4):
                frequency = 10_000 ** (-k / steps)
                expected = [
                    math.sin(column * frequency),
                    math.cos(column * frequency),
                    math.sin(row * frequency),
                    math.cos(row * frequency),
                ]
                assert vector[k::4].tolist() == pytest.approx(expected, abs=1e-6)


def test_sincos_2d_gives_every_patch_another_vector() -> None:
    table = sincos_2d((7, 9), 64)
    distance = torch.cdist(table, table) + 9 * torch.eye(63)
    assert float(distance.min()) > 0.1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sincos_1d(4, 7), "even width, got 7"),
        (lambda: sincos_2d((2, 2), 6), "divisible by 4, got 6"),
        (lambda: sincos_2d((2, 2), 8, convention="swin"), "'mae' or 'moco'"),
        (lambda: sincos_2d((2, 2), 4, convention="moco"), "at least 8 .* got 4"),
    ],
)
def test_impossible_waves_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_factorised_table_is_row_plus_column() -> None:
    positions = FactorisedPositions((2, 3), 8)
    torch.nn.init.normal_(positions.rows)
    torch.nn.init.normal_(positions.columns)
    table = positions()
    assert table.shape == (1, 6, 8)
    torch.testing.assert_close(
        table[0, 1 * 3 + 2], positions.rows[1] + positions.columns[2]
    )


def test_prefix_tokens_have_a_zero_row_in_fixed_tables() -> None:
    table = fixed_table("sincos_2d", (2, 3), 8, prefix=2)
    assert table.shape == (1, 8, 8)
    assert (table[:, :2] == 0).all()
    torch.testing.assert_close(table[0, 2:], sincos_2d((2, 3), 8))


def test_interpolation_to_the_same_grid_changes_nothing() -> None:
    table = torch.randn(1, 1 + 6, 8)
    assert interpolate(table, (2, 3), (2, 3), prefix=1) is table


def test_interpolation_passes_prefix_rows_through() -> None:
    table = torch.randn(1, 3 + 16, 8)
    resized = interpolate(table, (4, 4), (6, 5), prefix=3)
    assert resized.shape == (1, 3 + 30, 8)
    assert torch.equal(resized[:, :3], table[:, :3])


def test_interpolation_keeps_rows_and_columns_apart() -> None:
    # A table that only depends on the column must keep doing so.
    columns = torch.linspace(0, 1, 8)
    table = columns.repeat(4)[None, :, None]  # grid 4 × 8
    resized = interpolate(table, (4, 8), (6, 16)).reshape(6, 16)
    torch.testing.assert_close(resized, resized[:1].expand(6, 16))
    assert (resized[0].diff() > 0).all()


def test_interpolation_keeps_half_precision() -> None:
    table = torch.randn(1, 16, 8, dtype=torch.bfloat16)
    assert interpolate(table, (4, 4), (5, 5)).dtype == torch.bfloat16


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("mode", ["bicubic", "bilinear"])
@pytest.mark.parametrize("rows", [1, 3, 4, 9])
def test_interpolation_to_one_column_treats_rows_like_columns(
    rows: int, mode: str, antialias: bool
) -> None:
    """torch's own smoothing kernel does not, on the CPU."""
    table = torch.randn(1, 2 + 16, 8)
    transposed = torch.arange(16).view(4, 4).T.flatten()
    turned = torch.cat([table[:, :2], table[:, 2:][:, transposed]], dim=1)
    column = interpolate(table, (4, 4), (rows, 1), 2, mode, antialias)
    row = interpolate(turned, (4, 4), (1, rows), 2, mode, antialias)
    torch.testing.assert_close(column, row)


def test_one_column_of_a_table_that_depends_on_the_row_alone_is_any_column() -> None:
    table = torch.randn(4, 1, 8).expand(4, 4, 8).reshape(1, 16, 8)
    several = interpolate(table, (4, 4), (9, 4)).reshape(9, 4, 8)
    column = interpolate(table, (4, 4), (9, 1)).reshape(9, 1, 8)
    torch.testing.assert_close(column, several[:, :1])


@pytest.mark.parametrize("mode", ["bicubic", "bilinear"])
def test_interpolation_keeps_double_precision(mode: str) -> None:
    table = torch.randn(1, 16, 8, dtype=torch.float64)
    picture = table.transpose(1, 2).unflatten(2, (4, 4))
    expected = F.interpolate(picture, size=(5, 7), mode=mode, antialias=True)
    resized = interpolate(table, (4, 4), (5, 7), mode=mode)
    assert torch.equal(resized, expected.flatten(2).transpose(1, 2))


def test_table_that_does_not_have_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match=r"3 × 4 with 1 prefix rows.*\(1, 13, D\)"):
        interpolate(torch.zeros(1, 12, 8), (3, 4), (6, 8), prefix=1)
