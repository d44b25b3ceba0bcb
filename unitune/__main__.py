"""`python -m unitune`."""

from unitune.cli import main

main()
