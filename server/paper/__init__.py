"""What is printed: PDFs, drawn from plain values and words that are already translated.

No rule, no database and no page comes in here.
"""
