"""Keys, sealing, padding and receipts: pure functions over bytes, with no database, no clock and no network.

What each module promises is written in `docs/decisions/vault-formats.md`, precisely enough for another implementation;
`tests/vectors/` holds the proof.
"""
