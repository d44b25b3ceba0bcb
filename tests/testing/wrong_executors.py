"""Executors that are wrong, each in a way of its own."""

from __future__ import annotations

import dataclasses
import pickle
import random
import threading
from pathlib import Path

from unitune.capabilities import ExecutorSpec
from unitune.executors import SerialExecutor
from unitune.executors.process import ProcessExecutor
from unitune.hookspecs import hookimpl
from unitune.trial import State, Verdict

FAULTS = {}


def fault(check, *takes):
    """Name the check that is to find the fault of an executor."""

    def note(executor):
        FAULTS[executor.__name__] = (check, takes)
        return executor

    return note


@fault("test_every_job")
class MixesUpValues(SerialExecutor):
    def next(self):
        finished = super().next()
        if finished.job.number != 7:
            return finished
        outcome = dataclasses.replace(finished.outcome, value=0.0)
        return dataclasses.replace(finished, outcome=outcome)


@fault("test_every_job")
class ReturnsAJobTwice(SerialExecutor):
    twice = ()

    def next(self):
        if self.twice:
            finished, *self.twice = self.twice
            return finished
        finished = super().next()
        self.twice = [finished] * (finished.job.number == 11)
        return finished

    @property
    def busy(self):
        return super().busy or bool(self.twice)


@fault("test_seconds")
class TakesNoTime(SerialExecutor):
    def next(self):
        return dataclasses.replace(super().next(), seconds=0.0)


@fault("test_busy")
class BusyFromTheStart(SerialExecutor):
    begun = False

    def submit(self, job):
        self.begun = True
        super().submit(job)

    @property
    def busy(self):
        return super().busy or not self.begun


@fault("test_busy")
class WaitsForNothing(SerialExecutor):
    def next(self):
        if not self.busy:
            raise RuntimeError("there is nothing to wait for")
        return super().next()


@fault("test_order")
class LastComesFirst(SerialExecutor):
    def next(self):
        self._jobs.rotate(1)
        return super().next()


@fault("test_side_by_side", "workers")
class OneAfterTheOther(SerialExecutor):
    def __init__(self, evaluate, on_report, *, workers):
        super().__init__(evaluate, on_report)


@fault("test_side_by_side", "workers", "trial_timeout")
class TwiceAsMany(ProcessExecutor):
    def __init__(self, evaluate, on_report, *, workers, trial_timeout):
        super().__init__(evaluate, on_report, workers=2 * workers, trial_timeout=trial_timeout)


@fault("test_config")
class MarksConfigs(SerialExecutor):
    def next(self):
        finished = super().next()
        finished.job.config["seen"] = True
        return finished


@fault("test_config")
class ForgetsSeeds(SerialExecutor):
    def next(self):
        job = self._jobs[0]
        self._jobs[0] = dataclasses.replace(job, seed=0)
        return dataclasses.replace(super().next(), job=job)


@fault("test_reports")
class LosesReports(SerialExecutor):
    def __init__(self, evaluate, on_report):
        super().__init__(evaluate, lambda *_: Verdict.CONTINUE)


@fault("test_reports")
class ReportsFromElsewhere(SerialExecutor):
    def next(self):
        if not self.busy:
            raise LookupError
        found = []
        thread = threading.Thread(target=lambda: found.append(super(type(self), self).next()))
        thread.start()
        thread.join()
        return found[0]


@fault("test_stop")
class NeverStops(SerialExecutor):
    def __init__(self, evaluate, on_report):
        def answer(*report):
            verdict = on_report(*report)
            return Verdict.CONTINUE if verdict is Verdict.STOP else verdict

        super().__init__(evaluate, answer)


@fault("test_pause")
class ForgetsWhatWasReported(SerialExecutor):
    def next(self):
        job = self._jobs[0]
        finished = super().next()
        new = finished.outcome.reports[len(job.reports) :]
        return dataclasses.replace(
            finished, outcome=dataclasses.replace(finished.outcome, reports=new)
        )


@fault("test_discard")
class DiscardsNothing(SerialExecutor):
    def discard(self, number):
        pass


@fault("test_failures")
class KeepsNothingOfMostFailures(SerialExecutor):
    def next(self):
        finished = super().next()
        failure = finished.outcome.failure
        if failure is None or failure.kind == "KeyError":
            return finished
        failure = dataclasses.replace(failure, message="", traceback="")
        outcome = dataclasses.replace(finished.outcome, failure=failure)
        return dataclasses.replace(finished, outcome=outcome)


@fault("test_failures")
class LetsFailuresOut(SerialExecutor):
    def next(self):
        finished = super().next()
        if finished.outcome.state is State.FAILED:
            raise RuntimeError(finished.outcome.failure)
        return finished


@fault("test_closures")
class PicklesPlainly(SerialExecutor):
    def __init__(self, evaluate, on_report):
        pickle.dumps(evaluate.objective)
        super().__init__(evaluate, on_report)


@fault("test_close")
class CannotCloseWhileBusy(SerialExecutor):
    def close(self):
        busy = self.busy
        super().close()
        if busy:
            raise RuntimeError("there are jobs left")


@fault("test_traces")
class WritesALog(SerialExecutor):
    def submit(self, job):
        Path("jobs.log").write_text("one more\n")
        super().submit(job)


@fault("test_traces")
class DrawsFromTheWorld(SerialExecutor):
    def submit(self, job):
        random.random()
        super().submit(job)


class OnProcesses(ProcessExecutor):
    """Raises what a trial failed of, or calls it otherwise."""

    kind = raises = ""

    def next(self):
        finished = super().next()
        failure = finished.outcome.failure
        if failure is None:
            return finished
        if failure.kind == self.raises:
            raise RuntimeError(failure)
        if failure.kind == self.kind:
            failure = dataclasses.replace(failure, kind="Late")
        outcome = dataclasses.replace(finished.outcome, failure=failure)
        return dataclasses.replace(finished, outcome=outcome)


@fault("test_crash", "workers", "trial_timeout")
class DiesWithItsWorkers(OnProcesses):
    raises = "WorkerDied"


@fault("test_pickling", "workers", "trial_timeout")
class RaisesWhatCannotBeSent(OnProcesses):
    raises = "PicklingError"


@fault("test_trial_timeout", "workers", "trial_timeout")
class HasAWordOfItsOwn(OnProcesses):
    kind = "TrialTimeout"


@fault("test_trial_memory", "workers", "trial_timeout", "trial_memory")
class GivesAllTheMemory(OnProcesses):
    def __init__(self, evaluate, on_report, *, trial_memory, **limits):
        super().__init__(evaluate, on_report, **limits)


@hookimpl
def unitune_executors():
    return [
        ExecutorSpec(name, f"wrong_executors:{name}", takes=frozenset(takes))
        for name, (_, takes) in FAULTS.items()
    ]
