"""
question: q4
ko: >-
  첫 틀만 썼습니다. 앙상블의 이득이 사라집니다. 종류마다 모든 틀의 임베딩을
  평균하세요.
en: >-
  Only the first template is used, so there is no ensemble and nothing averages out.
  Take the embeddings of all templates of a class and average them.
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
        rows.append(unit(prompts[0]))
    return torch.stack(rows)


def classify(image, classifier):
    return (image @ classifier.T).argmax(dim=1)
