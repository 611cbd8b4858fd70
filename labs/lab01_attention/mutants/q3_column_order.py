"""
question: q3
ko: >-
  패치를 위에서 아래로 먼저, 그다음 왼쪽에서 오른쪽으로 늘어놓았습니다. 래스터 순서는
  글을 읽는 순서입니다: 패치 1은 패치 0의 **오른쪽**입니다. 격자 축이 (h, w) 순서가
  되게 하세요.
en: >-
  You list the patches top to bottom first, then left to right. Raster order is
  reading order: patch 1 is to the **right** of patch 0. The grid axes have to be in
  the order (h, w).
"""


def patchify(images, patch):
    B, C, H, W = images.shape
    h, w = H // patch, W // patch
    x = images.reshape(B, C, h, patch, w, patch)
    x = x.permute(0, 4, 2, 1, 3, 5)
    return x.reshape(B, h * w, C * patch * patch)


def unpatchify(patches, patch, grid):
    B = patches.shape[0]
    h, w = grid
    x = patches.reshape(B, w, h, -1, patch, patch)
    x = x.permute(0, 3, 2, 4, 1, 5)
    return x.reshape(B, -1, h * patch, w * patch)
