"""Putting cards here over the API: the credentials that may, and what they may do.

Calls and bodies do not come in here; neither does anything that logs a person in.
"""
