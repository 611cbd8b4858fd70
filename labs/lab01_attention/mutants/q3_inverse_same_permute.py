"""
question: q3
ko: >-
  `unpatchify`에서 `patchify`와 똑같은 `permute`를 다시 썼습니다. 순열의 역은 대개
  자기 자신이 아닙니다. (0, 2, 4, 1, 3, 5)를 되돌리는 것은 (0, 3, 1, 4, 2, 5)입니다.
en: >-
  `unpatchify` applies the very `permute` of `patchify` once more. A permutation is
  usually not its own inverse: (0, 2, 4, 1, 3, 5) is undone by (0, 3, 1, 4, 2, 5).
"""


def patchify(images, patch):
    B, C, H, W = images.shape
    h, w = H // patch, W // patch
    x = images.reshape(B, C, h, patch, w, patch)
    x = x.permute(0, 2, 4, 1, 3, 5)
    return x.reshape(B, h * w, C * patch * patch)


def unpatchify(patches, patch, grid):
    B = patches.shape[0]
    h, w = grid
    x = patches.reshape(B, h, w, -1, patch, patch)
    x = x.permute(0, 2, 4, 1, 3, 5)
    return x.reshape(B, -1, h * patch, w * patch)
