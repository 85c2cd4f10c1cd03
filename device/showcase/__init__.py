"""A simulated card in a showcase: its glass is seen and its keys are pressed over a local socket.

`challng-card sim --socket PATH` serves one client at a time. All that a client can do is to move a
finger: no key store, no counter and no clock can be reached from here, and no real card has this.

Every line is one JSON object and ends with a line feed. The card speaks first, and whenever its
glass has changed:

    {"card":1,"width":128,"height":64,"keys":["123A","456B","789C","*0#D"]}
    {"glass":"<base64>","on":true,"lines":["PIN>","_"]}
    {"refused":"..."}                      and the card hangs up

`glass` is the picture in pages, as the display keeps it: bytes from left to right, each eight
pixels downward with bit 0 on top; `lines` is the text read off these pixels. A client says

    {"down":"7"}    {"up":"7"}             a key of the pad, or "press"

in lines of at most 64 bytes, of which at most 64 wait to be done. There is one finger: a key goes
down when the one before it is up, stays until the card has felt it, and no longer than ten seconds.
"""
