"""
question: q3
ko: >-
  격자의 행의 수와 열의 수를 바꾸어 썼습니다(h = W / P, w = H / P). 정사각형
  이미지에서는 맞지만, 옆으로 긴 이미지에서는 한 행의 픽셀이 엉뚱한 패치로 넘어갑니다.
  높이는 H, 텐서의 뒤에서 둘째 축입니다.
en: >-
  You swapped rows and columns of the grid (h = W / P, w = H / P). Square images come
  out right, but in a wide image the pixels of a row spill into the wrong patches. The
  height is H, the second axis from the end.
"""


def patchify(images, patch):
    B, C, H, W = images.shape
    h, w = W // patch, H // patch
    x = images.reshape(B, C, h, patch, w, patch)
    x = x.permute(0, 2, 4, 1, 3, 5)
    return x.reshape(B, h * w, C * patch * patch)


def unpatchify(patches, patch, grid):
    B = patches.shape[0]
    w, h = grid
    x = patches.reshape(B, h, w, -1, patch, patch)
    x = x.permute(0, 3, 1, 4, 2, 5)
    return x.reshape(B, -1, h * patch, w * patch)
