"""Projects, their members and their terms. Invariant: a project that is not deleted has at least one owner."""
