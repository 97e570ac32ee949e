"""What one host gets of us: one look at a time, and no more than its budget, whoever looks."""
