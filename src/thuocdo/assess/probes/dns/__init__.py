"""DNSSEC and CAA: measured only by asking a resolver that validates, which a scanner may not have."""
