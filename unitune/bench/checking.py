"""Whether a contender can be run on a task as it is given, before anything is run."""

from __future__ import annotations

from unitune.backend import Study
from unitune.bench.budget import Budget
from unitune.bench.contenders import Contender
from unitune.errors import OptionError
from unitune.preparation import plan, proposer
from unitune.scheduling import Choice, choose
from unitune.task import Task

# Opened for so many trials, of which one is asked for.
TRIALS = 20


def check_scheduler(contender: Contender) -> None:
    """Raise what keeps a contender's scheduler from being found, whatever the task.

    Raises:
        UnknownNameError: there is none of that name.
        UnituneError: it cannot be used here.
    """
    spec, _, scheduler = contender.find()
    # With any resource: tasks that have none are no fault of the name.
    choose(spec, scheduler, (1, TRIALS), contender.scheduler_options)


def check_contender(task: Task, contender: Contender, budget: Budget) -> None:
    """Raise what keeps a contender from running on a task; its library is imported.

    Raises:
        OptionError: an option is not one of its library's, or the budget none of the task's.
        UnituneError: it cannot take the space, or its scheduler cannot be had.
    """
    if budget.max_resource is not None and task.resource is None:
        raise OptionError(
            f"A budget of resource counts the steps that trials report, and the task {task.name!r} "
            f"has none: give resource=(least, most), or another budget."
        )
    plan(task.space, contender.backend, contender.method, contender.options)
    choice = _choice(task, contender)
    if contender.options or contender.scheduler_options:
        check_options(task, contender, choice)


def check_options(task: Task, contender: Contender, choice: Choice | None = None) -> None:
    """Open a contender's study and scheduler on a task's space, and have it propose once.

    What has no options need not be checked: it is opened as its plugin means it.

    Raises:
        OptionError: this fails.
    """
    try:
        _open(task, contender, choice or _choice(task, contender))
    except Exception as error:
        raise OptionError(
            f"{contender.name} cannot be opened on the space of {task.name!r}: {error}"
        ) from error


def _choice(task: Task, contender: Contender) -> Choice:
    spec, method, scheduler = contender.find()
    return choose(
        spec,
        scheduler,
        task.resource,
        contender.scheduler_options,
        method=method,
        through=proposer(spec, method, task.space, contender.options),
    )


def _open(task: Task, contender: Contender, choice: Choice) -> None:
    choice.open(0, TRIALS)
    ready = plan(task.space, contender.backend, contender.method, contender.options)
    opened = ready.open(
        mode=task.mode,
        seed=0,
        n_trials=TRIALS,
        options=dict(contender.options),
        scheduler=choice.scheduling(0, TRIALS) if choice.native else None,
        most=choice.most,
        steered=choice.spec is not None and not choice.native,
    )
    try:
        if isinstance(opened, Study):
            opened.ask()
    finally:
        opened.close()
