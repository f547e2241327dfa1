"""The competency assessment: question bank, forms, sittings, attempt rules (six topics, 36 items, six attempts).

The starter bank in this folder is for pilots and demonstrations: its answers are public, its approvals are
placeholders, and a language model passes any quiz of text. Real candidates need a bank of the issuer's own
(`library.publish`), at least 216 items so that six forms need not repeat.
"""
