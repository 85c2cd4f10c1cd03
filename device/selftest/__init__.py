"""`challng-card selftest`: looks at a card's parts one after the other and names what is wrong.

In this room: what was seen (`observations`), what it means (`parts`, `wiring`; pure, no pins), the
steps that look (`steps`), and the two faces they speak through (`faces`). Not in this room: how a
line is driven or a bus is scanned (`drivers.probe`, `drivers.bus_scan`), and the card's own states.
"""
