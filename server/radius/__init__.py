"""RADIUS (RFC 2865, 2869, 3579, 5080): logins for machines that speak it, over UDP or TLS.

`core` and `texts` decide what a request asks for and what is replied, without I/O; `codec` turns
bytes into requests and replies into bytes, with pyrad beneath it; `clients`, `attributes` and
`memory` are what the server knows of those who ask; `steps` has the verifier do what `core` says;
`server` is the socket, and `radsec` the same over TLS. Passwords and answers are decided by `login`
alone: no second way of judging one may come in here, and nothing of a request is logged but who
sent it and what was wrong with it.
"""
