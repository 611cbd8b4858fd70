"""
question: q4
ko: >-
  조사가 있는 자리에 이름만 넣었습니다. `별 있습니다`처럼 조사가 사라집니다. 이름과
  알맞은 조사를 함께 넣으세요.
en: >-
  Where a particle is written you put the name alone, and the particle is lost. Put
  the name there together with the particle that fits; `with_particle` makes both.
"""

import torch


def fill(template, name):
    for particle in PARTICLES:
        place = "{" + particle + "}"
        if place in template:
            template = template.replace(place, name)
    return template.replace("{}", name)


def zero_shot_classifier(encode, names, templates):
    rows = []
    for name in names:
        prompts = encode([fill(template, name) for template in templates])
        rows.append(unit(unit(prompts).mean(dim=0)))
    return torch.stack(rows)


def classify(image, classifier):
    return (image @ classifier.T).argmax(dim=1)
