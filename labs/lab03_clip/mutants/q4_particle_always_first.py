"""
question: q4
ko: >-
  늘 앞의 조사를 붙였습니다. `고리이 있습니다`는 한국어가 아니고, 모델에게는 처음 보는
  낱말입니다. 조사는 이름이 받침으로 끝나는지에 따라 고릅니다.
en: >-
  You always attach the first form of the particle. After a vowel it is not Korean,
  and for the model it is a word never seen. The form depends on how the name ends.
"""

import torch


def fill(template, name):
    for particle in PARTICLES:
        place = "{" + particle + "}"
        if place in template:
            template = template.replace(place, name + particle.split("/")[0])
    return template.replace("{}", name)


def zero_shot_classifier(encode, names, templates):
    rows = []
    for name in names:
        prompts = encode([fill(template, name) for template in templates])
        rows.append(unit(unit(prompts).mean(dim=0)))
    return torch.stack(rows)


def classify(image, classifier):
    return (image @ classifier.T).argmax(dim=1)
