"""One file a command: `add` puts it into the parser, `run` does it.

A command's module is imported for its help, so what only `run` needs is imported there: `new` and
`wipe` work where nothing but the base dependencies is installed.
"""
