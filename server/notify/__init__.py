"""What the verifier tells people by mail, SMS or chat: written to an outbox, sent by `tick`.

A notice never holds a password, a PIN, a key, a code or an answer.
"""
