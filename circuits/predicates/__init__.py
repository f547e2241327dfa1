"""One file per predicate. Each adds rows to one linear relation and claims to one list, the same for both roles.

`rows` is used by prover and verifier alike; `witness` by the prover alone. Equality of hidden values is the same scalar
handle, never a pair of indexes, so the two sides cannot drift.
"""
