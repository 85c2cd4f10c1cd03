"""The life of devices, and of what is asked for around them: orders, shares, returns.

Each life is a table of allowed moves (`server.states`), and a service that makes a move
together with everything that belongs to it in one transaction. Pages, calls and the factors' own
rules do not come in here.
"""
