"""Applications: programs with a credential of their own, and what each of them may do here.

Logins that an application begins, and actions that it has confirmed, are decided by `login`.
"""
