"""The course's own dual encoder: CLIP's parts, small, and the same for every reader."""

import pytest
import torch

from vislearn.encoders.clip import CLIP
from vislearn.encoders.small_dual import small_dual
from vislearn.weights import load


def test_a_seed_gives_the_same_weights_and_another_seed_others():
    one, same, other = small_dual(300), small_dual(300), small_dual(300, seed=1)
    for name, weight in one.state_dict().items():
        assert torch.equal(weight, same.state_dict()[name])
    assert not torch.equal(one.text.token_embed.weight, other.text.token_embed.weight)


def test_both_towers_end_in_one_space():
    dual = small_dual(300).eval()
    images, ids = torch.rand(2, 3, 32, 32), torch.randint(0, 299, (3, 22))
    image, text = dual.encode_image(images), dual.encode_text(ids)
    assert image.shape == (2, 64)
    assert text.shape == (3, 64)
    assert torch.allclose(text.norm(dim=1), torch.ones(3), atol=1e-5)
    assert dual.logits(image, text).shape == (2, 3)


def test_it_is_a_clip_with_other_numbers():
    dual = small_dual(300)
    clip = CLIP(dual.config)
    assert {k: v.shape for k, v in dual.state_dict().items()} == {
        k: v.shape for k, v in clip.state_dict().items()
    }


def test_its_weights_are_loaded_like_those_of_any_encoder():
    source, dual = small_dual(300), small_dual(300, seed=1)
    assert load(dual, source.state_dict()) is dual
    for name, weight in source.state_dict().items():
        assert torch.equal(weight, dual.state_dict()[name])
    with pytest.raises(ValueError, match=r"1 missing \(logit_bias\)"):
        load(small_dual(300, bias=-10.0), source.state_dict())
    with pytest.raises(ValueError, match="format must be one of vislearn, got 'timm'"):
        load(dual, source.state_dict(), "timm")


def test_scale_and_bias_begin_as_asked():
    assert float(small_dual(300).scale.detach()) == pytest.approx(1 / 0.07)
    assert small_dual(300).logit_bias is None
    sigmoid = small_dual(300, scale=10.0, bias=-10.0)
    assert float(sigmoid.scale.detach()) == pytest.approx(10.0)
    assert sigmoid.logit_bias is not None
    assert float(sigmoid.logit_bias.detach()) == -10.0


def test_it_is_small_enough_for_a_page():
    count = sum(p.numel() for p in small_dual(512).parameters())
    assert 200_000 < count < 250_000
