"""The life of a device, from its record to its end: one enum of states, and each step of it.

Pages, calls and the factors' own rules do not come in here.
"""
