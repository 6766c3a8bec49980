"""What Great Expectations imports and nobody here asks anything of is loaded by whoever does ask."""

import subprocess
import sys

CODE = """
import sys
import {before}
assert not [name for name in sys.modules if name.startswith(("scipy.stats.", "altair."))]
{statement}
import scipy.stats
assert "scipy.stats._stats_py" in sys.modules
assert round(float(scipy.stats.norm.cdf(0)), 3) == 0.5
assert scipy.stats is sys.modules["scipy.stats"] and scipy.stats.__file__
"""


def test_a_module_is_there_for_whoever_asks() -> None:
    for before, statement in (
        ("watershed.quality.adapter.run", "from scipy import stats; stats.kstest"),
        ("expectations", "from scipy.stats._stats_py import kstest"),
    ):
        program = [sys.executable, "-c", CODE.format(before=before, statement=statement)]
        done = subprocess.run(program, capture_output=True, text=True)
        assert done.returncode == 0, f"{statement}\n{done.stderr}"
