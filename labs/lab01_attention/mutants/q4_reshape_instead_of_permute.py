"""
question: q4
ko: >-
  채널을 뒤로 보낼 때 `permute` 대신 `reshape(D, P, P, C)`를 썼습니다. `reshape`는
  축의 이름표만 바꿀 뿐 숫자의 순서는 그대로라서, 편 결과가 (채널, 행, 열) 순서와
  똑같습니다.
en: >-
  To move the channels to the end you used `reshape(D, P, P, C)` instead of `permute`.
  `reshape` only renames the axes and leaves the order of the numbers as it was, so
  the result is still (channel, row, column).
"""


def conv_to_linear(weight, channels_last=False):
    if channels_last:
        D, C, P, _ = weight.shape
        weight = weight.reshape(D, P, P, C)
    return weight.flatten(1)


def patch_embed(images, weight, bias):
    patches = patchify(images, weight.shape[-1])
    return patches @ conv_to_linear(weight).T + bias
