"""The Ray Tune backend: a `Tuner` that owns the loop."""
