"""A supervisor of a test's own: `python -m tests.run.supervised MODULE FOLDER [NAME=VALUE …]`.

MODULE is run as its template. Each NAME=VALUE is a pipeline with that in its environment and an output of its own,
FOLDER/<number>.log, which is let run once. Ends when all are over and it is clear what became of the template.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from thuocdo.run.adopted import Template
from thuocdo.run.supervisor import Role, Supervisor

LONGEST_S = 60.0


def main(module: str, folder: Path, told: list[str]) -> None:
    roles = [
        Role(
            f"role-{number}",
            ["pipeline"],
            log_file=folder / f"{number}.log",
            environment=dict([each.split("=")]),
            once=True,
            deaths=3,  # the first is the last
            nice=number,
        )
        for number, each in enumerate(told)
    ]
    template = Template(module=module)
    supervisor = Supervisor(roles, template)
    supervisor.load()
    supervisor.start()
    limit = time.monotonic() + LONGEST_S
    while not all(role.is_over for role in roles) or not (
        template.is_ready or template.is_given_up
    ):
        assert time.monotonic() < limit
        supervisor.look_after()
        time.sleep(0.02)
    supervisor.stop()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
