"""Reconciliation (đối soát): what was measured beside what others state of one agency and period."""
