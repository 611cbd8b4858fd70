"""
question: q6
ko: >-
  조각마다 손실을 따로 구했습니다(기울기 누적). 조각 안의 쌍만 음성 예가 되므로 다른
  손실입니다. 조각의 크기가 1이면 손실이 0이라 아무것도 배우지 않습니다.
en: >-
  Each chunk has a loss of its own: this is gradient accumulation. Only the pairs of a
  chunk are negatives, so it is another loss. With chunks of size 1 it is 0, and
  nothing is learned.
"""


def cached_backward(image_tower, text_tower, images, texts, logit_scale, chunk):
    total = 0.0
    for some, words in zip(images.split(chunk), texts.split(chunk)):
        logits = compare(image_tower(some), text_tower(words), logit_scale)
        loss = info_nce(logits) * len(some) / len(images)
        loss.backward()
        total = total + loss.detach()
    return total
