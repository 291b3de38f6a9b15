"""The package's names: `explain` is the function, whatever is imported first."""

import subprocess
import sys

import pytest

from cce_etl import analysis


@pytest.mark.parametrize("first", ["cce_etl.analysis.explain.text", "cce_etl.analysis.explain", "cce_etl.analysis"])
def test_explain_is_the_function_whatever_is_imported_first(first: str) -> None:
    program = f"import {first}; from cce_etl.analysis import explain; print(callable(explain))"
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    assert ran.stdout == "True\n"


def test_every_exported_name_is_there() -> None:
    assert all(hasattr(analysis, name) for name in analysis.__all__)
