"""A Dockerfile's instructions, as far as ours uses the language: no heredocs, no escapes but the backslash."""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction, such as RUN, and what follows the word."""

    word: str
    value: str

    def expanded(self, variables: Mapping[str, str]) -> str:
        """The value with `$NAME` and `${NAME}` put in; what is not known becomes nothing, as in an engine."""
        return VARIABLE.sub(lambda name: variables.get(name[1] or name[2], ""), self.value)


@dataclass(slots=True)
class Stage:
    """From one FROM to the next."""

    image: str
    name: str
    steps: list[Step] = field(default_factory=list)


def read(file: Path, arguments: Mapping[str, str]) -> list[Stage]:
    """The stages, in order; `arguments` win over the defaults of the ARGs before the first FROM."""
    before: dict[str, str] = {}
    stages: list[Stage] = []
    for step in _steps(file.read_text(encoding="utf-8")):
        if step.word == "FROM":
            image, *named = step.expanded(before).split()
            stages.append(Stage(image, named[1] if named else str(len(stages))))
        elif stages:
            stages[-1].steps.append(step)
        else:
            before |= argument(step, arguments)
    return stages


def argument(step: Step, arguments: Mapping[str, str]) -> dict[str, str]:
    """What an ARG adds to the variables."""
    name, _, default = step.value.partition("=")
    return {name: arguments.get(name, default)}


def pairs(value: str) -> dict[str, str]:
    """`A=1 B="2 3"` of an ENV."""
    return dict(word.split("=", 1) for word in shlex.split(value))


def flags(value: str) -> tuple[dict[str, str], str]:
    """`--from=build --chown=me A B` as its flags and the rest."""
    found = {}
    while match := re.match(r"--([\w-]+)=(\S+)\s+", value):
        found[match[1]] = match[2]
        value = value[match.end() :]
    return found, value


def command(value: str) -> list[str]:
    """A CMD as it is executed: in JSON as it is, or else by a shell."""
    return list(json.loads(value)) if value.startswith("[") else ["/bin/sh", "-c", value]


def _steps(text: str) -> list[Step]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    return [Step(*line.split(maxsplit=1)) for line in joined.splitlines()]
