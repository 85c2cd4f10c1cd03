"""How long each part of pairing may take, in seconds; who drives the ends has the clock."""

OFFERED = 60.0
"""The card offers pairing, and the computer waits for a card, for this long."""

STEP = 10.0
"""From one message to the next, where no person is asked."""

COMPARE = 60.0
"""From the six digits to the consent of the card's owner, and on to the computer's confirmation."""

HOLD = 2.0
"""OK is held for this long: to begin pairing, and to consent."""
