"""
question: q3
ko: >-
  패치 안의 행과 열이 뒤바뀌었습니다. 패치는 제자리에 있는데 하나하나가 대각선으로
  뒤집혀 있습니다. `permute`에서 패치 안의 행 축이 열 축보다 앞에 와야 합니다.
en: >-
  Rows and columns inside each patch are swapped: every patch is in its place but
  mirrored along its diagonal. In your `permute` the row axis inside the patch has to
  come before the column axis.
"""


def patchify(images, patch):
    B, C, H, W = images.shape
    h, w = H // patch, W // patch
    x = images.reshape(B, C, h, patch, w, patch)
    x = x.permute(0, 2, 4, 1, 5, 3)
    return x.reshape(B, h * w, C * patch * patch)


def unpatchify(patches, patch, grid):
    B = patches.shape[0]
    h, w = grid
    x = patches.reshape(B, h, w, -1, patch, patch)
    x = x.permute(0, 3, 1, 5, 2, 4)
    return x.reshape(B, -1, h * patch, w * patch)
