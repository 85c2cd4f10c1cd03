"""A card for an order that waits at a verifier: taken, made, its papers printed, handed over.

Where the card's key goes is the loaders' concern, what a verifier says its client's.
"""
