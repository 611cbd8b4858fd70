"""
question: q4
ko: >-
  평균한 **다음에** 길이를 다시 맞추지 않았습니다. 평균의 길이는 문장들이 서로 얼마나
  비슷한지에 따라 달라서, 문장들이 잘 모이는 종류가 이유 없이 유리해집니다.
en: >-
  The average was not normalised **afterwards**. Its length depends on how much the
  sentences agree, so a class whose sentences lie close together gets an advantage for
  no good reason.
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
        rows.append(unit(prompts).mean(dim=0))
    return torch.stack(rows)


def classify(image, classifier):
    return (image @ classifier.T).argmax(dim=1)
