"""Recall and false alarms of the detectors of distorted feeds and gamed numbers, on simulated countries.

    python bench/cheats.py [--seeds 10] [--scale 0.3]

The same as `thuocdo quality evaluate`. Thresholds were set on seed 1; the other seeds were not looked at
while they were. See docs/quality.md for what each detector does and bench/cheats.md for a run.
"""

from __future__ import annotations

import argparse

from thuocdo.cli.quality import print_tallies
from thuocdo.run import evaluating


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--scale", type=float, default=0.3)
    given = parser.parse_args()
    rounds = []
    for seed, tallies in evaluating.evaluate(
        range(given.first, given.first + given.seeds), scale=given.scale
    ):
        every = evaluating.total(tallies)
        print(
            f"seed {seed}: {every.found}/{every.planted} found, {every.false_alarms} false alarms"
        )
        rounds.append(tallies)
    print_tallies(evaluating.by_detector(rounds))


if __name__ == "__main__":
    main()
