"""Puts keys onto cards, and card records into files for verifiers.

A script, not a server. It may use `protocol` and the card's key store (`device.keystore`), and
nothing else of the card: no pins, no glass, no verifier.
"""
