"""A process of its own that is asked in lines of JSON on its standard input, and answers in such lines.

Lives here: both ends of that. Does not: what is asked.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

ROOT: Final = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Companion:
    """A started module of this folder; a context manager that ends it."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @classmethod
    def start(cls, name: str, folder: Path, environment: dict[str, str]) -> Self:
        """Start `tests.integration.ops.<name>` in a folder, with no variables but these, the path and home."""
        log = folder / f"{name}.log"
        base = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        with log.open("ab") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", f"tests.integration.ops.{name}"],
                cwd=folder,
                env=base | environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        return cls(process, log)

    def tell(self, **question: Any) -> None:
        """Ask without waiting for the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(question).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, **question: Any) -> Any:
        """Ask and return the answer."""
        self.tell(**question)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"it ended without an answer to {question}:\n{self.log.read_text(errors='replace')[-3000:]}"
        return json.loads(line)

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.process.kill()
        self.process.wait(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()


def answer_lines(answer: Callable[[dict[str, Any]], Any]) -> None:
    """Answer each line of standard input until its end; what others print goes to standard error."""
    told, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        told.write(json.dumps(answer(json.loads(line))) + "\n")
        told.flush()
