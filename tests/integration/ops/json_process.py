"""A process that reads questions as lines of JSON from standard input and writes answers as such lines."""

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
class JsonProcess:
    """A module of this folder that runs as a process; a context manager that ends it."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @classmethod
    def start(cls, name: str, folder: Path, environment: dict[str, str]) -> Self:
        """Start `tests.integration.ops.<name>` in a folder, with these variables, PATH and HOME only."""
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

    def send(self, **question: Any) -> None:
        """Send a question without waiting for the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(question).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, **question: Any) -> Any:
        """Send a question and return its answer."""
        self.send(**question)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, (
            f"the process ended without an answer to {question}:\n{self.log.read_text(errors='replace')[-3000:]}"
        )
        return json.loads(line)

    def kill(self) -> None:
        """Kill the process as `kill -9` does."""
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
    """Answer each line of standard input until its end; all other output goes to standard error."""
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        answers.write(json.dumps(answer(json.loads(line))) + "\n")
        answers.flush()
