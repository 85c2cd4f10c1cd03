"""What a card is built of: parts, wiring, board and case, each made from its sources by `make`.

Nothing here is installed with the firmware; it may import `device` and `drivers`,
to read the settings.
"""
