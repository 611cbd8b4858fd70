"""
question: q4
ko: >-
  프롬프트의 축에서 길이를 맞추었습니다. 그러면 문장마다가 아니라 성분마다 길이가 1이
  되어, 방향이 바뀝니다. 문장 하나의 임베딩(마지막 축)에서 맞추세요.
en: >-
  You normalise along the axis of the prompts. Then each entry, not each sentence, has
  length 1, and directions change. Normalise the embedding of a sentence, which is the
  last axis.
"""

import torch


def fill(template, name):
    for particle in PARTICLES:
        place = "{" + particle + "}"
        if place in template:
            template = template.replace(place, with_particle(name, particle))
    return template.replace("{}", name)


def zero_shot_classifier(encode, names, templates):
    rows = []
    for name in names:
        prompts = encode([fill(template, name) for template in templates])
        rows.append(unit((prompts / prompts.norm(dim=0)).mean(dim=0)))
    return torch.stack(rows)


def classify(image, classifier):
    return (image @ classifier.T).argmax(dim=1)
