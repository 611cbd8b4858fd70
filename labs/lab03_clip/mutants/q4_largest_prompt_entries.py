"""
question: q4
ko: >-
  프롬프트를 평균하지 않고 성분마다 최댓값을 취했습니다. 공통인 부분이 남는 것이
  아니라 문장마다 튀는 부분이 남습니다. 평균을 쓰세요.
en: >-
  You take the maximum of each entry over the prompts, not their average. What remains
  is not what the sentences share but what sticks out in one of them. Use the mean.
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
        rows.append(unit(unit(prompts).amax(dim=0)))
    return torch.stack(rows)


def classify(image, classifier):
    return (image @ classifier.T).argmax(dim=1)
