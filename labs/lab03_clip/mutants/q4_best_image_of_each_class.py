"""
question: q4
ko: >-
  이미지의 축에서 `argmax`를 했습니다. 그 답은 "종류마다 가장 어울리는 이미지"입니다.
  필요한 것은 이미지마다 가장 어울리는 종류이므로 종류의 축(`dim=1`)입니다.
en: >-
  Your `argmax` runs along the images. It tells for each class which image fits it
  best. What is wanted is the best class for each image: along the classes, `dim=1`.
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
    return (image @ classifier.T).argmax(dim=0)
