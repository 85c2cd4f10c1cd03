"""Many cards in one go: the list, the journal that lets it go on, the report and the labels.

How a key gets onto a card and where its record goes is not decided here.
"""
