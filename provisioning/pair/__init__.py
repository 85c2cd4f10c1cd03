"""The computer's side of pairing with a card over a USB serial cable.

The protocol itself is pure and lives in `protocol.pairing`; here are the port, the person at the
terminal, the clock, and what each end means for the card's record. No pins, no verifier.
"""
