"""The pages: templates, the style sheet, forms and cookies. They work without JavaScript.

Thin: a page reads its form, calls `login`, and shows what came of it. No rule, no SQL comes in.
"""
