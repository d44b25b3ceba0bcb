"""`unitune plugins`, and the commands that plugins add."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner
from strangers import smallest

from unitune.cli import main
from unitune.installed import VARIABLE

COMMANDS = """
    import click
    from unitune.capabilities import CommandSpec
    from unitune.hookspecs import hookimpl

    @click.command()
    @click.argument("name")
    @click.option("--loud", is_flag=True)
    def greet(name, loud):
        "Say good morning."
        click.echo(f"Good morning, {name}{'!' if loud else '.'}")

    @hookimpl
    def unitune_commands():
        yield CommandSpec("greet", "polite:greet", help="Say good morning.")
        yield CommandSpec("vanish", "polite:gone", help="Not there.")
        yield CommandSpec("odd", "polite:click", help="No command.")
        yield CommandSpec("run", "polite:greet", help="Taken.")
"""


def call(*arguments):
    """Return (exit code, standard output, standard error)."""
    done = CliRunner().invoke(main, list(arguments))
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def polite(install):
    install("polite", code=COMMANDS, entry="polite", version="2.3")


def test_every_plugin_is_listed_with_its_distribution_and_version(install):
    install("mine-tuner", code=smallest("mine", "mine_tuner"), entry="own", version="4.5")
    code, out, _ = call("plugins")
    assert code == 0
    line = next(line for line in out.splitlines() if line.startswith("own "))
    assert line.split() == ["own", "mine-tuner", "4.5", "enabled", "backends"]
    assert "skopt" in out
    assert "mine_tuner" not in sys.modules


def test_listing_runs_no_code_of_any_plugin(tmp_path, install):
    install("nosy-tuner", code="raise SystemExit('I was run')", entry="nosy")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from unitune.cli import main\n"
        "try:\n    main(['plugins'])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "print([name for name in sys.modules if name.endswith('.plugin') or 'nosy' in name])"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = {line.split()[0]: line.split()[3:] for line in done.stdout.splitlines() if line.strip()}
    assert lines["nosy"] == ["enabled", "?"]
    assert lines["ray"] == ["enabled", "backends,", "executors"]
    assert done.stdout.rstrip().endswith("[]")


def test_with_load_it_says_what_each_brings_and_what_is_wrong(polite, install):
    install("broken-tuner", code="raise RuntimeError('no licence')", entry="broken")
    install("greedy-tuner", code=smallest("optuna", "greedy_tuner"), entry="greedy")
    code, out, _ = call("plugins", "--load")
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert lines["ray"].endswith("backend ray; executor ray")
    assert "commands greet, vanish, odd, run" in lines["polite"]
    assert "enabled, with problems" in lines["broken"]
    assert "'broken' (from broken-tuner 1.0): its plugin 'broken_tuner' failed: Runtime" in out
    assert "'greedy' (from greedy-tuner 1.0): backend 'optuna' cannot be used: two plugins" in out
    assert "'polite' (from polite 2.3): command 'run' cannot be used: unitune has one" in out


def test_disabled_plugins_are_listed_as_such_and_not_loaded(polite, monkeypatch):
    monkeypatch.setenv(VARIABLE, "polite, politer")
    code, out, _ = call("plugins", "--load")
    assert code == 0
    assert f"disabled by {VARIABLE}" in next(x for x in out.splitlines() if "polite " in x)
    assert f"{VARIABLE} names 'politer', which no installed plugin is called." in out
    assert "polite" not in sys.modules


def test_backends_says_why_a_plugin_could_not_be_loaded(install):
    install("broken-tuner", code="raise RuntimeError('no licence')", entry="broken")
    code, out, _ = call("backends")
    assert code == 0
    assert "'broken' (from broken-tuner 1.0): its plugin 'broken_tuner' failed" in out


def test_a_command_of_a_plugin_is_a_command_of_unitune(polite):
    assert call("greet", "Ada", "--loud") == (0, "Good morning, Ada!\n", "")
    code, out, _ = call("greet", "--help")
    assert (code, "--loud" in out) == (0, True)


def test_the_help_names_commands_of_plugins_and_where_they_are_from(polite):
    code, out, _ = call("--help")
    assert code == 0
    assert "Say good morning. (from polite 2.3)" in " ".join(out.split())
    assert "Search a space with one backend." in out


def test_a_command_of_unitune_itself_is_never_replaced(polite):
    code, out, _ = call("run", "--help")
    assert code == 0
    assert "Search a space with one backend." in out


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("vanish", "Command 'vanish' cannot be loaded from 'polite:gone'"),
        ("odd", "not a click command"),
        ("broken", "Command 'broken' (from broken-tuner 1.0) cannot be used"),
        ("greeet", "No such command 'greeet'"),
    ],
)
def test_a_command_that_cannot_be_had_gets_its_sentence(polite, install, name, sentence):
    install("broken-tuner", code="raise RuntimeError('no licence')", entry="broken")
    code, _, err = call(name)
    assert code == 2
    assert sentence in err
    assert call("greet", "Ada")[0] == 0


def test_an_unknown_command_says_which_plugins_could_not_be_asked(polite, install, monkeypatch):
    install("broken-tuner", code="raise RuntimeError('no licence')", entry="broken")
    code, _, err = call("greeet")
    said = " ".join(err.split())
    assert code == 2
    assert "No such command 'greeet'. Did you mean 'greet'" in said
    assert "'broken' (from broken-tuner 1.0) could not be asked: its plugin" in said
    monkeypatch.setenv(VARIABLE, "polite, broken-tuner")
    assert f"'polite' (from polite 2.3) was not asked: disabled by {VARIABLE}." in " ".join(
        call("greet")[2].split()
    )


def test_two_commands_of_one_name_are_refused_when_called_and_still_listed(polite, install):
    install("ruder", code=COMMANDS.replace("polite:", "ruder:"), entry="ruder")
    code, _, err = call("greet", "Ada")
    assert code == 2
    assert "two plugins bring a command of that name, polite 2.3 and ruder 1.0" in err
    assert call("--help")[0] == 0
