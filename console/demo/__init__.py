"""The demonstration: the whole story of a licence, played between separate processes on this machine, with checks."""
