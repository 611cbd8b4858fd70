"""
question: q4
ko: >-
  `channels_last`의 뜻이 뒤바뀌었습니다. (채널, 행, 열)로 편 패치에 (행, 열, 채널)
  순서의 가중치를 곱한 셈입니다. 모양이 같아 오류는 없지만, 빨강의 가중치가 초록의
  픽셀에 곱해집니다.
en: >-
  The meaning of `channels_last` is reversed: patches flattened as (channel, row,
  column) meet weights in the order (row, column, channel). The shapes agree and no
  error appears, but weights meant for red meet green pixels.
"""


def conv_to_linear(weight, channels_last=False):
    if not channels_last:
        weight = weight.permute(0, 2, 3, 1)
    return weight.flatten(1)


def patch_embed(images, weight, bias):
    patches = patchify(images, weight.shape[-1])
    return patches @ conv_to_linear(weight).T + bias
