"""The suite for a backend that is asked and told."""

from __future__ import annotations

from unitune.capabilities import BackendSpec
from unitune.errors import OptionError
from unitune.testing.learning import LearningChecks
from unitune.testing.manners import MannerChecks
from unitune.testing.orders import OrderChecks
from unitune.testing.outcomes import OutcomeChecks
from unitune.testing.records import RecordChecks
from unitune.testing.running import RunChecks
from unitune.testing.values import ValueChecks


class BackendSuite(
    RunChecks,
    LearningChecks,
    MannerChecks,
    OutcomeChecks,
    OrderChecks,
    ValueChecks,
    RecordChecks,
):
    """Checks that a backend keeps its contract, for each of its methods.

    Subclass it in a test module, and run pytest. The plugin is found by its entry point, so that
    the package is installed first.

    Attributes:
        backend: the backend's name.
        methods: those to check; None for all.
        startup: how many proposals a learning method draws at random before it begins to learn,
            for all methods or by method; every check runs past them. Where it is not said, 20 are
            taken, and their laws are not checked.
        beyond: how many trials checks run past that, for all methods or by method.
        twins: how many in a hundred proposals may repeat an earlier one while several trials are
            under way, or after a trial that came to nothing, for all methods or by method: genetic
            ones breed some.
        options: options by method, for those that are dear with the library's own.
        draws: how many random proposals are held against the laws of the parameters.
        lesson: how many trials checks of learning run past the random ones, for all methods or by
            method; they look at the second half of them.
        cost_trials: how many trials `test_cost` looks at, for all methods or by method.
        growth: the power of the number of trials that the cost of one more may grow with.
        scheduler_options: options by scheduler, for those of the library that need any.
        known: expected failures, by 'check' or 'check[method]'.
        seed: fixes what checks draw; None draws one for each run and prints it on a failure.

    Example:
        >>> from unitune.testing import BackendSuite, KnownFailure
        >>> class TestMine(BackendSuite):
        ...     backend = "mine"
        ...     startup = {"tpe": 10}
        ...     known = {"test_cost[gp]": KnownFailure("never", reason="it solves for all trials")}
        ...
        ...     def told(self, native):
        ...         return len(native.trials)
    """

    @classmethod
    def spec(cls) -> BackendSpec:
        spec = super().spec()
        if spec.contract == "service":
            raise OptionError(
                f"Backend {spec.name!r} owns its loop; {cls.__name__} takes ServiceSuite, not "
                f"BackendSuite."
            )
        return spec
