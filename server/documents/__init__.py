"""The documents of an account: which there are, and each as a PDF.

They are samples: the portal has no books of its own beyond deposits. Devices and logins do not
come in here.
"""
