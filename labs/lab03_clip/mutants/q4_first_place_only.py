"""
question: q4
ko: >-
  이름을 첫 자리에만 끼웠습니다. 한 틀에 같은 자리가 두 번 나올 수도 있는데, 둘째 자리의
  괄호가 글에 그대로 남았습니다. 모든 자리를 바꾸세요.
en: >-
  You put the name into the first place only. A template may hold the same place twice,
  and then braces are left over in the text, where the model meets a word that it never
  saw.
"""

import torch


def fill(template, name):
    for particle in PARTICLES:
        place = "{" + particle + "}"
        if place in template:
            template = template.replace(place, with_particle(name, particle), 1)
    return template.replace("{}", name, 1)


def zero_shot_classifier(encode, names, templates):
    rows = []
    for name in names:
        prompts = encode([fill(template, name) for template in templates])
        rows.append(unit(unit(prompts).mean(dim=0)))
    return torch.stack(rows)


def classify(image, classifier):
    return (image @ classifier.T).argmax(dim=1)
