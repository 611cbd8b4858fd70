"""
question: q4
ko: >-
  `(B, D, N)` 모양의 결과를 `transpose` 대신 `reshape`로 `(B, N, D)`로 만들었습니다.
  합성곱의 출력 `(B, D, h, w)`를 토큰으로 바꿀 때 가장 흔한 실수입니다. 토큰 하나에
  여러 패치의 숫자가 섞입니다. `flatten(2).transpose(1, 2)`가 맞습니다. 패치가 1개면
  드러나지 않습니다.
en: >-
  You turned a `(B, D, N)` result into `(B, N, D)` with `reshape` instead of
  `transpose`. This is the most common mistake when the output `(B, D, h, w)` of a
  convolution becomes tokens: a token then mixes numbers of several patches. Use
  `flatten(2).transpose(1, 2)`. With a single patch the bug is invisible.
"""


def conv_to_linear(weight, channels_last=False):
    if channels_last:
        weight = weight.permute(0, 2, 3, 1)
    return weight.flatten(1)


def patch_embed(images, weight, bias):
    patches = patchify(images, weight.shape[-1])
    tokens = conv_to_linear(weight) @ patches.transpose(1, 2) + bias[:, None]
    return tokens.reshape(len(images), patches.shape[1], len(bias))
