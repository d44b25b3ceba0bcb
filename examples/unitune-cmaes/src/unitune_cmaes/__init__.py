"""CMA-ES, by the library cmaes, as a backend for unitune."""
