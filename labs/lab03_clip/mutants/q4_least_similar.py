"""
question: q4
ko: >-
  가장 **작은** 점수의 종류를 골랐습니다. 점수는 거리가 아니라 유사도이므로 클수록
  닮은 것입니다.
en: >-
  You choose the class with the **smallest** score. These are similarities, not
  distances: the larger a score, the more the image resembles the class. So look for
  the largest.
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
    return (image @ classifier.T).argmin(dim=1)
