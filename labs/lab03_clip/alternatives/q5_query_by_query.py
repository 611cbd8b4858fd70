"""
question: q5
"""


def recall(image, text, owner, k):
    """Sorted lists, one query after the other."""
    table = (unit(image) @ unit(text).T).tolist()
    owners = owner.tolist()
    hits_of_images = 0
    for i, row in enumerate(table):
        order = sorted(range(len(row)), key=row.__getitem__, reverse=True)
        hits_of_images += any(owners[j] == i for j in order[:k])
    hits_of_texts = 0
    for j, i in enumerate(owners):
        order = sorted(range(len(table)), key=lambda row: table[row][j], reverse=True)
        hits_of_texts += i in order[:k]
    return hits_of_images / len(table), hits_of_texts / len(owners)
