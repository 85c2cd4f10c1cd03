"""What every request meets before and after its own page or call: limits, headers, logs, errors.

No rule of the domain comes in here.
"""
