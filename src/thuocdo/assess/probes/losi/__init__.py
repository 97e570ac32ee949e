"""The United Nations' questions about a local portal, as far as a machine can answer them or help people to."""
