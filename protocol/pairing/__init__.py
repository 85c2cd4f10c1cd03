"""Pairing: how a card and a computer agree on a key over a cable, without sending it.

Both ends, pure: bytes in, bytes and steps out, no I/O, no clock. The standard library, and
`cryptography` for X25519 and HKDF in `agreement`; a card imports `card_end` when pairing begins.

    host -> hello                 the versions that it speaks
    card -> hello                 the version chosen, its serial, the slots that are loaded
    host -> offer                 what is wanted, and a commitment to the host's share
    card -> share                 X25519 public key and nonce
    host -> reveal                the share behind the commitment
    (both show six digits made from all of the above; a person compares, and holds OK)
    card -> confirm               MAC: the card has the key and its owner consents
    host -> confirm               MAC: the host has the key, and has kept its record
    card -> done                  MAC: the key is in the card's store
"""
