"""
question: q4
ko: >-
  두 조사를 모두 적었습니다. `별이/가`라는 말은 공문서에나 있고 학습한 설명에는
  없습니다. 이름의 마지막 소리에 맞는 하나를 고르세요.
en: >-
  Both forms of the particle are written, with the slash between them. No caption of
  the training looks like this. Choose the form that fits the last sound of the name.
"""

import torch


def fill(template, name):
    for particle in PARTICLES:
        place = "{" + particle + "}"
        if place in template:
            template = template.replace(place, name + particle)
    return template.replace("{}", name)


def zero_shot_classifier(encode, names, templates):
    rows = []
    for name in names:
        prompts = encode([fill(template, name) for template in templates])
        rows.append(unit(unit(prompts).mean(dim=0)))
    return torch.stack(rows)


def classify(image, classifier):
    return (image @ classifier.T).argmax(dim=1)
