"""The de-facto API: the calls, parameters and answers that the plug-ins of privacyIDEA know.

Written from its public documentation (`docs/validate-api.md`). Nothing is decided here: what comes
in is read, `applications` decides, and what comes out is put into that API's words.
"""
