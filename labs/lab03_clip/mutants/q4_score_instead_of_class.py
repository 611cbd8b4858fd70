"""
question: q4
ko: >-
  종류의 번호가 아니라 점수를 돌려주었습니다. `max`의 값이 아니라 자리(`argmax`)가
  필요합니다.
en: >-
  You return the largest score, not the number of its class. It is not the value of
  the maximum that is wanted here but its place, which is what `argmax` gives.
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
        rows.append(unit(unit(prompts).mean(dim=0)))
    return torch.stack(rows)


def classify(image, classifier):
    return (image @ classifier.T).amax(dim=1)
