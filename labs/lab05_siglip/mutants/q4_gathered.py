"""
question: q4
recognise: judge:gathers_texts
ko: >-
  값은 맞지만 글을 한데 모은 다음 계산했습니다. 그것은 all-gather이고, 작업자마다 배치
  전체의 글을 담을 메모리가 필요합니다. `ring`으로 한 묶음씩 돌리세요.
en: >-
  The values are right, but you gather all texts in one place first. That is an
  all-gather, and every worker needs memory for the texts of the whole batch. Pass them
  on chunk by chunk with `ring`.
"""

import torch


def ring_gradients(images, texts, t_prime, bias, ring):
    total = sum(len(chunk) for chunk in images)
    results = [[0.0, torch.zeros_like(x), 0.0, 0.0, 0.0] for x in images]
    text_grads = [torch.zeros_like(chunk) for chunk in texts]
    everything = torch.cat(texts)
    for worker, mine in enumerate(images):
        for other, chunk in enumerate(everything.split([len(x) for x in texts])):
            tile = tile_gradients(mine, chunk, t_prime, bias, other == worker, total)
            for place in (0, 1, 3, 4):
                results[worker][place] = results[worker][place] + tile[place]
            text_grads[other] = text_grads[other] + tile.texts
    for worker, grads in enumerate(text_grads):
        results[worker][2] = grads
    return [Gradients(*result) for result in results]
