"""Real servers for tests: on free loopback ports, in folders of their own, ended by their own process id.

Invariant: nothing here touches a server that it did not start.
"""
