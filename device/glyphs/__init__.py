"""The card's own glyphs, drawn by hand for its glass: large, medium and small.

One module per size, each a drawing in text and the `Font` made of it. No font file may come in, and
nothing that knows which screen is up.
"""
