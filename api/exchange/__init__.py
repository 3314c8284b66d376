"""File formats, one a module, pure: bytes in, annotations out, and back.

Invariant: no module here opens a file or a socket.
"""
