"""The verifier beside a floor, on one database: `make bench-server`.

Measured is a second-factor round trip: two HTTP calls, the challenge and its right answer, both
durable. The floor (`floor`) answers the same two calls with the smallest code that still is durable
and correct, under the same server with the same number of workers. Both check the password with
argon2id at its smallest setting, so that the hash, whose cost is a setting, weighs nothing.
"""
