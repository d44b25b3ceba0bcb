"""The backend keeps unitune's contract."""

from unitune.testing import BackendSuite


class TestCmaes(BackendSuite):
    backend = "cmaes"
    startup = 0  # none of its proposals is drawn at random:
    beyond = 40  # it learns from its first generation on
