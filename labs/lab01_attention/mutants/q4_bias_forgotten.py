"""
question: q4
ko: >-
  편향을 더하지 않았습니다. 토큰마다 같은 벡터만큼 빠져 있습니다. 합성곱의 편향은 출력
  채널마다 1개이므로 (D) 모양 그대로 마지막 축에 더하면 됩니다.
en: >-
  You did not add the bias: every token is off by the same vector. A convolution has 1
  bias number per output channel, so add it as it is, of shape (D), to the last axis.
"""


def conv_to_linear(weight, channels_last=False):
    if channels_last:
        weight = weight.permute(0, 2, 3, 1)
    return weight.flatten(1)


def patch_embed(images, weight, bias):
    patches = patchify(images, weight.shape[-1])
    return patches @ conv_to_linear(weight).T
