"""
question: q4
ko: >-
  커널의 행과 열이 뒤바뀌었습니다. (채널, 열, 행) 순서로 펴서, 가로 줄무늬를 찾던
  필터가 세로 줄무늬를 찾게 됩니다.
en: >-
  Rows and columns of the kernel are swapped: it is flattened as (channel, column,
  row), and a filter for horizontal stripes now looks for vertical ones.
"""


def conv_to_linear(weight, channels_last=False):
    weight = weight.transpose(2, 3)
    if channels_last:
        weight = weight.permute(0, 2, 3, 1)
    return weight.flatten(1)


def patch_embed(images, weight, bias):
    patches = patchify(images, weight.shape[-1])
    return patches @ conv_to_linear(weight).T + bias
