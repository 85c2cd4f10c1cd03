"""What a served verifier withstands: `make test-load`. Not collected by the ordinary suite.

Counts and outcomes are asserted, and ratios of memory and files; times are printed only. Sizes come
from the environment: OPEN_LOGINS, FLOOD, SOAK, DATABASE (sqlite or postgresql).
"""
