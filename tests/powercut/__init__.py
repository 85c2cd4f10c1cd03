"""The real key store on a real file system whose power fails.

`make test` takes 60 cuts, `make test-powercut CUTS=1000` as many as are named.

The medium under an ext4 is a file in FUSE that writes down every write and every flush
(`medium.py`). The real `FileKeyStore` works on it for a while (`work.py`). A cut then is:
everything up to some flush, and of what was written after it any part, block by block
(`recording.py`). Each cut is put together, mounted, and what the store says is compared with what
was acknowledged (`aftermath.py`).

It needs root, /dev/fuse, loop devices, mkfs.ext4 and mfusepy; what is missing is named by the skip.
"""
