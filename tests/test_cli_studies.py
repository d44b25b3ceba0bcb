from __future__ import annotations

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from unitune import run
from unitune.cli.studies import export, show, studies
from unitune.journal import Header, open_journal
from unitune.journal.packing import pack_config
from unitune.space import Categorical, Const, Float, Int, Space

SPACE = Space(
    {
        "x": Float(-5, 5),
        "kind": Categorical(["a", None, ("b", 1), 2.5, True, max]),
        "n": Int(1, 9, when={"kind": "a"}),
        "fixed": Const("value"),
    }
)


def objective(config):
    if config["kind"] is None:
        raise RuntimeError("no kind")
    return config["x"] ** 2


@pytest.fixture(scope="module")
def result():
    return run(
        SPACE, objective, backend="builtin", method="random", n_trials=30, seed=1, progress=False
    )


@pytest.fixture
def storage(tmp_path, result):
    """A journal with the result's trials in study 'digits', and an empty study."""
    place = str(tmp_path / "journal.db")
    header = Header(
        *("builtin", "random"),
        mode="min",
        seed=1,
        n_trials=30,
        options={"points": 3},
        space=SPACE.to_dict(),
        versions={"unitune": "0.1.0"},
        through="hyperopt:random",
    )
    with open_journal(place) as journal:
        journal.create("empty", header).close()
        with journal.create("digits", header) as log:
            for trial in result.trials:
                write(log, trial)
            log.append("asked", 30, {"raw": {}, "config": {}, "initial": False, "seed": 1, **NONE})
            log.append("resumed", None, {"exact": True, "n_trials": 40})
            log.append("ended", None, {"reason": "timeout"})
    return place


NONE = {"suggest": 0.0}


def write(log, trial):
    failure = trial.failure and {"kind": trial.failure.kind, "message": trial.failure.message}
    packed = {"raw": {}, "config": pack_config(SPACE, trial.config), "initial": trial.initial}
    log.append("asked", trial.number, {**packed, "seed": trial.seed, "suggest": trial.suggest})
    log.append("started", trial.number, {"attempt": 1})
    for step in range(trial.number % 3):
        log.append("reported", trial.number, {"step": step, "value": 0.5, "verdict": "continue"})
    if trial.number == 3:
        again = {"kind": "Killed", "message": "by signal 9"}
        log.append("attempt", trial.number, {"attempt": 1, "failure": again})
    log.append(
        "finished",
        trial.number,
        {
            "state": trial.state.value,
            "value": trial.value,
            "metrics": {} if trial.value is None else {"loss": trial.value, "size": trial.number},
            "failure": failure,
            "seconds": trial.evaluate,
            "start": trial.start,
            "attempts": 1,
        },
    )


def call(command, *arguments):
    """Return (exit code, standard output, standard error)."""
    done = CliRunner().invoke(command, list(arguments))
    return done.exit_code, done.stdout, done.stderr


def test_studies_lists_methods_states_and_best_values(storage, result):
    code, out, err = call(studies, "--storage", storage)
    assert (code, err) == (0, "")
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    failed = sum(trial.state == "failed" for trial in result.trials)
    assert "builtin:random" in lines["digits"]
    assert f"{30 - failed} complete, {failed} failed, 1 running" in lines["digits"]
    assert f"{result.best.value:.6g}" in lines["digits"]
    assert "timeout" in lines["digits"]
    assert "no trials" in lines["empty"]


def test_show_prints_settings_states_retries_and_the_best_config(storage, result):
    code, out, _ = call(show, "digits", "--storage", storage)
    assert code == 0
    for words in (
        "digits: builtin:random, proposals of hyperopt:random",
        "seed: 1",
        "n_trials: 40",
        "option points: 3",
        "versions: unitune 0.1.0",
        "ended by timeout",
        "1 trials were tried again, 1 times in all:\n  3: Killed: by signal 9",
        f"Best value {result.best.value:.6g} in trial {result.best.number}:",
        f"x = {result.best.config['x']!r}",
    ):
        assert words in out, words
    code, out, _ = call(show, "empty", "--storage", storage)
    assert code == 0
    assert "no trials; not ended." in out


def written(form, path):
    return pd.read_parquet(path) if form == "parquet" else pd.read_csv(path)


def test_export_writes_the_columns_of_a_results_frame_and_metrics(storage, result, tmp_path):
    files = {form: tmp_path / f"out.{form}" for form in ("csv", "parquet", "json")}
    options = [part for form, path in files.items() for part in (f"--{form}", str(path))]
    code, out, err = call(export, "digits", "--storage", storage, *options)
    assert (code, err) == (0, "")
    assert out.count("Wrote 30 trials to") == 3
    expected = result.frame().drop(columns="observe")
    expected["metrics.loss"] = expected["value"]
    expected["metrics.size"] = expected["number"].where(expected["value"].notna())
    csv, parquet = (written(form, files[form]) for form in ("csv", "parquet"))
    rows = json.loads(files["json"].read_text())
    assert list(csv.columns) == list(parquet.columns) == list(rows[0]) == list(expected.columns)
    for table in (csv, parquet, pd.DataFrame(rows)):
        assert table["number"].tolist() == list(range(30))
        assert table["config.x"].tolist() == expected["config.x"].tolist(), "floats are exact"
        for name in ("value", "metrics.loss", "metrics.size"):
            assert table[name].dropna().tolist() == expected[name].dropna().tolist()
        assert table["state"].tolist() == expected["state"].tolist()
    assert parquet["config.n"].dtype == expected["config.n"].dtype
    kinds = {type(choice).__name__ for choice in (row["config.kind"] for row in rows)}
    assert kinds == {"str", "NoneType", "list", "float", "bool"}
    shown = csv["config.kind"].dropna().tolist()
    assert shown == [str(kind) for kind in expected["config.kind"] if kind is not None]
    assert "('b', 1)" in shown


@pytest.mark.parametrize("form", ["csv", "parquet", "json"])
def test_export_writes_what_trials_reported(storage, tmp_path, form):
    path = tmp_path / f"out.{form}"
    code, out, _ = call(export, "digits", "--storage", storage, "--curves", f"--{form}", str(path))
    assert (code, out) == (0, f"Wrote 30 reports to {path}.\n")
    table = pd.read_json(path) if form == "json" else written(form, path)
    assert list(table.columns) == ["number", "step", "value"]
    expected = [(number, step) for number in range(30) for step in range(number % 3)]
    assert list(zip(table["number"], table["step"], strict=True)) == expected


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_dash_is_standard_output(storage, tmp_path, monkeypatch, form):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"out.{form}"
    call(export, "digits", "--storage", storage, f"--{form}", str(path))
    done = CliRunner().invoke(export, ["digits", "--storage", storage, f"--{form}", "-"])
    assert (done.exit_code, done.stderr) == (0, "Wrote 30 trials to -.\n")
    assert done.stdout_bytes == path.read_bytes()
    assert not (tmp_path / "-").exists()


def test_a_file_is_replaced_once_the_new_one_is_whole(storage, tmp_path, monkeypatch):
    folder = tmp_path / "exports"
    folder.mkdir()
    real, link = folder / "real.csv", folder / "link.csv"
    real.write_text("before")
    link.symlink_to(real)
    to_link = ("digits", "--storage", storage, "--csv", str(link))

    def full(self, content):
        self.touch()
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.write_bytes", full)
        code, _, err = call(export, *to_link)
    assert code == 2
    assert "No space left on device" in err
    assert real.read_text() == "before"
    assert sorted(path.name for path in folder.iterdir()) == ["link.csv", "real.csv"]
    assert call(export, *to_link)[0] == 0
    assert len(pd.read_csv(real)) == 30
    assert link.is_symlink()


def test_export_of_a_study_without_trials_writes_none(storage, tmp_path):
    for form in ("csv", "parquet", "json"):
        path = tmp_path / f"out.{form}"
        code, out, _ = call(export, "empty", "--storage", storage, f"--{form}", str(path))
        assert (code, "Wrote 0 trials" in out, path.exists()) == (0, True, True)


def test_parquet_without_pyarrow_gives_the_install_command(storage, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, _, err = call(export, "digits", "--storage", storage, "--parquet", str(tmp_path / "a"))
    assert code == 2
    assert "pip install pyarrow" in err


@pytest.mark.parametrize(
    ("command", "arguments", "sentence"),
    [
        (studies, ["--storage", "{}.missing"], "There is no journal"),
        (show, ["digit", "--storage", "{}"], "Did you mean 'digits'"),
        (show, ["", "--storage", "{}"], "There is no study ''"),
        (show, ["\udcff", "--storage", "{}"], r"There is no study '\udcff'"),
        (export, ["digits", "--storage", "{}"], "give --csv, --parquet or --json"),
        (export, ["digits", "--storage", "{}", "--csv", "{}/no/a"], "cannot be written"),
    ],
)
def test_nonsense_gives_one_sentence_and_exit_code_2(storage, command, arguments, sentence):
    code, out, err = call(command, *(text.format(storage) for text in arguments))
    assert (code, out) == (2, "")
    assert sentence in err
