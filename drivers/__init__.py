"""What touches the card's parts: keypad, press button, display, and the board that joins them.

In this room: pins, the I2C bus, debounce, and the simulated twins of all of it (`drivers.sim`).
Not in this room: what a key means, screens, keys and codes, the network. It imports nothing of
the other packages.

Importing `drivers` costs nothing. gpiozero, luma, PIL and adafruit_matrixkeypad are imported only
by the modules that wrap them (`pins`, `matrix`, `display`), and `drivers.sim` only by a run that
asks for a simulated card, so that a card can show its first screen before the rest is loaded.
"""
