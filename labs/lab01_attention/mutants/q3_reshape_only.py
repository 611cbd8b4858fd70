"""
question: q3
ko: >-
  `permute` 없이 `reshape`만 했습니다. 모양은 맞지만 '패치'가 정사각형 조각이 아니라
  이미지의 행을 이어 붙인 띠입니다. `reshape`는 숫자를 옮기지 않습니다.
en: >-
  You only used `reshape`, no `permute`. The shape fits, but your 'patches' are strips
  of consecutive image rows, not squares. `reshape` moves no numbers.
"""


def patchify(images, patch):
    B, C, H, W = images.shape
    h, w = H // patch, W // patch
    return images.reshape(B, h * w, C * patch * patch)


def unpatchify(patches, patch, grid):
    B = patches.shape[0]
    h, w = grid
    return patches.reshape(B, -1, h * patch, w * patch)
