"""The backend over Hyperopt, and the reader of its search spaces."""
