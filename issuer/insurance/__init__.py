"""Insurance: cover attestations signed by trusted insurers, and their cancellations [R44, R48]."""
