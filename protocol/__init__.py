"""What a card and a verifier must agree on: OCRA, serial numbers, key files.

The ground floor. Nothing of the other packages may come in, no I/O, no clock; the standard
library first, `cryptography` and `defusedxml` where a key file needs them.
"""
