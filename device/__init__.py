"""The card's firmware: a pure state machine, its screens, the key store, the loop around them.

Below it stand `drivers` and `protocol`; the verifier may not come in. The state machine, the hold
timer and the screens take no clock and do no I/O. `keystore` and what it is made of (`errors`,
`files`, `record`, `sealing`, `slotfile`) import no drivers, because provisioning writes stores too.
"""
