"""From a right password over a second factor to a session; what each session may do.

Pages, calls and the factors' own rules do not come in here.
"""
