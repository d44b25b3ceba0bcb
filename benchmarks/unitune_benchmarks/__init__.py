"""Tasks to tune and to compare backends on."""
