"""Second factors: one module for each kind, all behind `interface.Factor`.

What decides (offer, read, check) is free of I/O: data in, data out. What is stored stands beside
it. Sessions, pages and calls do not come in here.
"""
