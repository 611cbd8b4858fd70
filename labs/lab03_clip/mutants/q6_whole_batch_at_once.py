"""
question: q6
ko: >-
  배치 전체를 인코더에 한꺼번에 넣었습니다. `chunk`를 쓰지 않았으므로 메모리를 아끼지
  못합니다.
en: >-
  You give the whole batch to the towers at once and never use `chunk`. The gradients
  are right, but no memory is saved, and a large batch would not fit.
"""


def cached_backward(image_tower, text_tower, images, texts, logit_scale, chunk):
    loss = info_nce(compare(image_tower(images), text_tower(texts), logit_scale))
    loss.backward()
    return loss.detach()
