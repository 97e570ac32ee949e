"""`python -m thuocdo` is the `thuocdo` command; the supervisor starts its roles this way."""

from thuocdo.cli import main

main()
