"""`challng-server doctor`: finds the usual mistakes of an installation.

`gathering` looks, and changes nothing; `checks` decides over what was found, and is pure.
"""
