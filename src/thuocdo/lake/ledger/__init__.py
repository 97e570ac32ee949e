"""The ledger: a Merkle log of what landed, so that nobody can change the raw lake unseen (docs/proof.md)."""
