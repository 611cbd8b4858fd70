"""
question: q4
ko: >-
  커널을 위아래와 좌우로 뒤집었습니다. 수학 교과서의 합성곱은 그렇게 정의하지만,
  PyTorch의 `conv2d`는 뒤집지 않습니다(교차상관). 커널의 왼쪽 위 숫자는 패치의 왼쪽 위
  픽셀과 곱해집니다.
en: >-
  You flipped the kernel in both directions. That is the convolution of a mathematics
  book, but PyTorch's `conv2d` does not flip (it is a cross-correlation): the top left
  number of the kernel meets the top left pixel of the patch.
"""


def conv_to_linear(weight, channels_last=False):
    weight = weight.flip(2, 3)
    if channels_last:
        weight = weight.permute(0, 2, 3, 1)
    return weight.flatten(1)


def patch_embed(images, weight, bias):
    patches = patchify(images, weight.shape[-1])
    return patches @ conv_to_linear(weight).T + bias
