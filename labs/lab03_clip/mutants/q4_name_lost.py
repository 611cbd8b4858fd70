"""
question: q4
ko: >-
  이름을 빼고 조사만 넣었습니다. 조사가 적힌 자리는 이름의 자리이기도 합니다. 모든
  종류의 프롬프트가 거의 같은 글이 되어 아무것도 가려내지 못합니다.
en: >-
  You put in the particle but not the name. A place with a particle is the place of
  the name, too. Otherwise the prompts of all classes are almost the same text.
"""

import torch


def fill(template, name):
    for particle in PARTICLES:
        place = "{" + particle + "}"
        if place in template:
            template = template.replace(
                place, with_particle(name, particle)[len(name) :]
            )
    return template.replace("{}", name)


def zero_shot_classifier(encode, names, templates):
    rows = []
    for name in names:
        prompts = encode([fill(template, name) for template in templates])
        rows.append(unit(unit(prompts).mean(dim=0)))
    return torch.stack(rows)


def classify(image, classifier):
    return (image @ classifier.T).argmax(dim=1)
