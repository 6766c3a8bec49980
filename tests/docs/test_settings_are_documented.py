"""docs/production.md lists every setting that the code reads, and no other."""

import ast
import re

from tests.architecture.house import ROOMS, list_files, read_tree
from tests.docs.page import REPOSITORY
from watershed.declarations import load_sources

PAGE = (REPOSITORY / "docs" / "production.md").read_text()
NOT_OF_A_SERVER = {"WATERSHED_SOURCE_URL"}


def find_settings() -> set[str]:
    """`WATERSHED_*` variables: literals in the code, and names given to `read_setting`."""
    found = set()
    for room in set(ROOMS) - {"benchmarks"}:
        for path in list_files(room):
            for node in ast.walk(read_tree(path)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found |= set(re.findall(r"\bWATERSHED_[A-Z0-9_]*[A-Z0-9]\b", node.value))
                if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("read_setting") and node.args:
                    name = node.args[0]
                    if isinstance(name, ast.Constant):
                        found.add(f"WATERSHED_{name.value.upper()}")
    return found


def test_every_setting_is_documented() -> None:
    databases = {name for name, source in load_sources().items() if source.kind == "oltp"}
    assert "`WATERSHED_<SOURCE>_URL`" in PAGE
    by_their_kind = {f"WATERSHED_{name.upper()}_URL" for name in databases}
    assert {name for name in find_settings() - by_their_kind if name not in PAGE} == set()


def test_no_setting_is_invented() -> None:
    documented = set(re.findall(r"\bWATERSHED_[A-Z0-9_]*[A-Z0-9]\b", PAGE))
    assert documented - find_settings() - NOT_OF_A_SERVER == set()


def test_every_airflow_variable_of_the_laptop_is_documented() -> None:
    launcher = (REPOSITORY / "watershed" / "stack" / "airflow.py").read_text()
    variables = set(re.findall(r'"(AIRFLOW__\w+|AIRFLOW_CONFIG|AIRFLOW_HOME)"', launcher))
    assert {name for name in variables if name not in PAGE} == set()
