"""
question: q3
ko: >-
  `patchify`는 맞지만 `unpatchify`가 축을 되돌리지 않고 `reshape`만 했습니다. 되돌린
  사진에서 패치들이 가로 띠로 풀려 나옵니다. 역함수는 같은 걸음을 거꾸로 밟아야
  합니다: 쪼개고, `permute`하고, 합칩니다.
en: >-
  `patchify` is right, but `unpatchify` only reshapes and never moves the axes back.
  In the restored picture the patches unroll into horizontal strips. An inverse takes
  the same steps backwards: cut, `permute`, join.
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
    return patches.reshape(B, -1, h * patch, w * patch)
