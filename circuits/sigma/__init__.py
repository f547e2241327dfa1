"""Proofs of knowledge for linear relations over G1, and the pairing claims that stand beside them.

`relation` is the statement, `sponge` and `codec` the Fiat-Shamir transformation, `protocol` prover and verifier,
`pairing` the claims that no linear relation can express. Source: [SIGMA], [FS], both draft -03, byte for byte.
"""
