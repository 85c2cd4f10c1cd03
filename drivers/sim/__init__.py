"""A card that is not there: simulated contacts, nets, I2C bus and display controllers.

In this room: the world outside of the processor's pins, simulated *below* gpiozero and smbus2, so
that the drivers and the libraries under them run unchanged. Not in this room: shortcuts from a
key to an event or from a frame to the glass, and anything that a card with real parts imports.
"""
