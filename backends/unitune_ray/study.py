"""Ray Tune as a service: a `Tuner` proposes, evaluates and ends by itself."""

from __future__ import annotations

import contextlib
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

from ray import tune
from ray.tune.logger import JsonLoggerCallback
from ray.tune.search import Searcher

from unitune.backend import Problem, Service, Sink
from unitune.errors import BackendError, OptionError, UnituneError
from unitune.translation import Translation
from unitune_ray.cluster import check_address, connected, undisturbed
from unitune_ray.domains import natives_of
from unitune_ray.searcher import open_search
from unitune_ray.trainable import VALUE, Payload, trainable
from unitune_ray.watch import StaysHere, Watch, WatchCallback, WatchStopper


class RayService(Service):
    """One `ray.tune.Tuner`, run once.

    Options of its own, beside those of the method's searcher: `address` of a cluster to join
    ('auto', 'host:port'), and `resources` for each trial, as in {"cpu": 2, "gpu": 1}.
    """

    def __init__(self, problem: Problem) -> None:
        options = dict(problem.options)
        self._address = options.pop("address", None)
        self._resources = options.pop("resources", None)
        check_address(self._address)
        if self._resources is not None and not isinstance(self._resources, Mapping):
            raise OptionError(
                f"The option resources={self._resources!r}: give a dict, as in {{'cpu': 2}}."
            )
        self._problem = problem
        self._watch = Watch()
        self._search = open_search(problem, self._watch, options)
        self._logger = Logger()
        self._results: Any = None

    @classmethod
    def native_space(cls, translation: Translation) -> Mapping[str, Any]:
        return natives_of(translation)

    @classmethod
    def open(cls, problem: Problem) -> Self:
        return cls(problem)

    def run(self, evaluate: Callable[..., Any], sink: Sink) -> None:
        problem, self._watch.sink = self._problem, sink
        with (
            undisturbed(),
            self._watch.apart(),
            tempfile.TemporaryDirectory(prefix="ut-", ignore_cleanup_errors=True) as storage,
            connected(problem.workers, self._address),
            _interruptible(self._watch),
        ):
            payload = Payload(evaluate, problem.translation, problem.seed)
            try:
                self._results = self._tuner(payload, storage).fit()
            except UnituneError:
                raise
            except Exception as error:
                raise BackendError(
                    f"Ray Tune failed with {type(error).__name__}: {error}"
                ) from error
            finally:
                self._logger.close()
        if self._watch.error is not None:
            raise self._watch.error

    def _tuner(self, payload: Payload, storage: str) -> tune.Tuner:
        search, param_space, samples = self._search
        kind: Any = trainable(payload)
        if self._resources is not None:
            kind = tune.with_resources(kind, dict(self._resources))
        return tune.Tuner(
            kind,
            param_space=param_space,
            tune_config=tune.TuneConfig(
                metric=VALUE,
                mode=self._problem.mode,
                num_samples=samples,
                search_alg=search,
                max_concurrent_trials=self._problem.workers
                if isinstance(search, Searcher)
                else None,
                reuse_actors=True,
                trial_name_creator=self._watch.name,
                trial_dirname_creator=str,
            ),
            run_config=tune.RunConfig(
                name="unitune",
                storage_path=storage,
                verbose=0,
                stop=WatchStopper(self._watch),
                callbacks=[WatchCallback(self._watch), self._logger],
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        )

    @property
    def native(self) -> Any:
        return self._results


class Logger(StaysHere, JsonLoggerCallback):
    """Ray's own logger, which leaves the files of trials open that never come to an end."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Close the files that are open still."""
        while self._trial_files:
            self._trial_files.popitem()[1].close()


@contextlib.contextmanager
def _interruptible(watch: Watch) -> Iterator[None]:
    """Let Ctrl-C bring the run down in good order; a second one does what it did before."""
    if threading.current_thread() is not threading.main_thread():
        yield  # where no signals arrive
        return
    before = signal.getsignal(signal.SIGINT)

    def on_interrupt(*_: Any) -> None:
        signal.signal(signal.SIGINT, before)
        watch.interrupt(KeyboardInterrupt())

    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
