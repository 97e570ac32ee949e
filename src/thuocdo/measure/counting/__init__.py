"""How each kind of term (definitions/terms.py) is counted: one module each, over one fact table."""
