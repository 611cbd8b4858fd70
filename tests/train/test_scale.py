"""VISLEARN_SCALE decides how long a page computes."""

import pytest

from vislearn.train import scale


def test_the_default_scale_is_cpu(monkeypatch):
    monkeypatch.delenv("VISLEARN_SCALE", raising=False)
    assert scale().name == "cpu"


@pytest.mark.parametrize(("name", "steps"), [("smoke", 3), ("cpu", 800), ("t4", 4000)])
def test_pick_returns_the_value_of_the_scale_in_force(monkeypatch, name, steps):
    monkeypatch.setenv("VISLEARN_SCALE", name)
    assert scale().pick(smoke=3, cpu=800, t4=4000) == steps


def test_an_unknown_scale_is_an_error_that_names_it(monkeypatch):
    monkeypatch.setenv("VISLEARN_SCALE", "huge")
    with pytest.raises(ValueError, match="'huge': expected 'smoke', 'cpu' or 't4'"):
        scale()


@pytest.mark.parametrize("name", ["cpu", "t4"])
def test_a_false_claim_fails_with_its_message(monkeypatch, name):
    monkeypatch.setenv("VISLEARN_SCALE", name)
    scale().claim(0.95 > 0.9, "unused")
    with pytest.raises(AssertionError, match=r"accuracy 0\.4 is below 0\.9"):
        scale().claim(0.4 > 0.9, "accuracy 0.4 is below 0.9")


def test_smoke_scale_looks_at_no_claim(monkeypatch):
    monkeypatch.setenv("VISLEARN_SCALE", "smoke")
    scale().claim(False, "three steps prove nothing")
