# ruff: noqa: F821
"""
question: q3
recognise: "predicates:hides_a_quarter"
ko: 가린 것과 남긴 것이 뒤바뀌었습니다.
en: Hidden and kept are swapped.
"""


def random_mask(count, ratio):
    mask = np.ones(count, dtype=bool)
    mask[np.random.default_rng().permutation(count)[: round(count * ratio)]] = False
    return mask
