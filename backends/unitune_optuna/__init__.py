"""The backend for Optuna."""
