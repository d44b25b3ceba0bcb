"""The backend without a library: grid and random search as the reference for the others."""
