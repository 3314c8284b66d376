"""HTTP for bytes, one noun a module. Invariant: every route checks permission before it touches a file."""
