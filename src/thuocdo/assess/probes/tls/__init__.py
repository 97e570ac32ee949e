"""TLS: versions, ciphers, certificate, by sslyze in a process of its own (its licence is not ours)."""
