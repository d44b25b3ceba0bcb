from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_table_of_tasks_is_up_to_date():
    done = subprocess.run(
        [sys.executable, str(DOCS / "task_table.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_task_of_this_project_has_its_line():
    page = (DOCS / "tasks.md").read_text(encoding="utf-8")
    for name in ("branin", "mixed", "mf-borehole", "svm-breast", "digits-network", "digits-grid"):
        assert f"| `{name}` |" in page
