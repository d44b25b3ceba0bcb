"""Objectives of scripts that start processes of their own."""

from __future__ import annotations

import io
import math
import subprocess
import sys
import textwrap

import pytest

from unitune.executors.nested import dump_objective, load_objective
from unitune.objective import Evaluator

LONG = 60.0  # seconds; nothing here takes that long, not even on a busy machine

SCRIPT = """
    import multiprocessing
    import sys
    from concurrent.futures import ProcessPoolExecutor
    from unitune.executors.process import ProcessExecutor
    from unitune.job import Job
    from unitune.objective import Evaluator
    from unitune.trial import Verdict

    print("the script runs")

    class Answer:
        def __init__(self, number):
            self.number = number

    def prepare(factor):
        global FACTOR
        FACTOR = factor

    def times(number):
        return Answer(FACTOR * number)

    def child(queue):
        prepare(100)
        queue.put(times(1))

    def grandchild(method):
        context = multiprocessing.get_context(method)
        queue = context.SimpleQueue()
        process = context.Process(target=child, args=(queue,))
        process.start()
        answer = queue.get()
        process.join()
        return answer

    def objective(config):
        method = config["method"]
        context = multiprocessing.get_context(method)
        with context.Pool(1, prepare, (2,)) as pool:
            answers = pool.map(times, [1, 2])
        with ProcessPoolExecutor(1, context, prepare, (3,)) as pool:
            answers += [*pool.map(times, [3]), pool.submit(grandchild, method).result()]
        assert all(type(answer) is Answer for answer in answers)
        return sum(answer.number for answer in answers)

    evaluate = Evaluator(objective)
    executor = ProcessExecutor(evaluate, lambda *_: Verdict.CONTINUE, workers=1)
    executor.submit(Job(0, {"method": sys.argv[1]}, seed=0))
    outcome = executor.next().outcome
    executor.close()
    print(outcome.value, outcome.failure)
"""


def printed(folder, code, *args):
    (folder / "study.py").write_text(textwrap.dedent(code))
    done = subprocess.run(
        [sys.executable, "study.py", *args],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=LONG,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_functions_and_classes_of_a_script_are_found_and_it_is_not_run_again(method, tmp_path):
    assert printed(tmp_path, SCRIPT, method) == ["the script runs", "115.0 None"]


def test_what_a_script_does_not_define_is_missed_as_ever(tmp_path):
    code = SCRIPT.replace("FACTOR * number", "hasattr(sys.modules['__main__'], 'of_no_one')")
    assert printed(tmp_path, code, "spawn")[-1] == "0.0 None"


def test_a_file_that_an_objective_is_written_to_is_read_back():
    file = io.BytesIO()
    dump_objective(Evaluator(math.fsum), file)
    file.seek(0)
    evaluate, names = load_objective(file)
    assert (evaluate.objective, names) == (math.fsum, ())
