"""The scikit-optimize backend: Gaussian processes and trees, asked and told."""
