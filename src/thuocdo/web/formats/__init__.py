"""How dates are typed in forms, by language."""
