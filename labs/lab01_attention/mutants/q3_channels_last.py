"""
question: q3
ko: >-
  패치 안을 (행, 열, 채널) 순서로 폈습니다. MAE의 공식 코드가 쓰는 순서라 흔하지만, 이
  문항의 약속은 (채널, 행, 열)입니다. 채널이 1개면 둘이 같아서, 흑백 이미지로만
  시험하면 모르고 지나갑니다.
en: >-
  You flatten a patch as (row, column, channel). The official code of MAE does so, but
  the convention here is (channel, row, column). With a single channel the two agree,
  so a test on grey images does not notice.
"""


def patchify(images, patch):
    B, C, H, W = images.shape
    h, w = H // patch, W // patch
    x = images.reshape(B, C, h, patch, w, patch)
    x = x.permute(0, 2, 4, 3, 5, 1)
    return x.reshape(B, h * w, C * patch * patch)


def unpatchify(patches, patch, grid):
    B = patches.shape[0]
    h, w = grid
    x = patches.reshape(B, h, w, patch, patch, -1)
    x = x.permute(0, 5, 1, 3, 2, 4)
    return x.reshape(B, -1, h * patch, w * patch)
