"""
question: q4
"""


def ring_gradients(images, texts, t_prime, bias, ring):
    """The parcel is a list that is changed in place; sums are lists, too."""
    P, total = len(images), len([x for chunk in images for x in chunk])
    parcels = [[chunk, []] for chunk in texts]
    found = [[] for _ in range(P)]
    for step in range(P):
        for p in range(P):
            home = (p - step) % P
            tile = tile_gradients(
                images[p], parcels[p][0], t_prime, bias, home == p, total
            )
            found[p].append(tile)
            parcels[p][1].append(tile.texts)
        parcels = ring(parcels)
    shares = []
    for tiles, (_, text_grads) in zip(found, parcels):
        loss, pictures, t_grad, bias_grad = (
            sum(tile[place] for tile in tiles) for place in (0, 1, 3, 4)
        )
        shares.append(Gradients(loss, pictures, sum(text_grads), t_grad, bias_grad))
    return shares
