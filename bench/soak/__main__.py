"""Mixed work on one service for an hour, disturbed again and again (docs/reliability.md).

    python -m bench.soak [--minutes 60] [--size 100000] [--disk-mib 2048] [--seed 1]

Two writers, one that replaces a document, readers (slots, look-ups, pages, whole streams), queries
that do not end, and clients that leave. A writer, server or worker is killed every minute, and in
the first half the front twice; once the disk is full for a minute, and once the store is backed up
and restored elsewhere. In the second half nobody kills the front, so that it is seen whether its
memory grows. Ends with 1 where a client met what nothing excuses, an acknowledged write is missing,
a process is left behind, or memory, processes or descriptors grew.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from bench.soak.run import Outcome, Plan, soak
from bench.soak.samples import Sample, middle


def table(outcome: Outcome) -> Iterator[str]:
    """The run as tables of Markdown."""
    yield from ("| client | answer | times | longest undisturbed |", "|---|---|---:|---:|")
    journal = outcome.journal
    for (client, told), count in sorted(journal.answers.items()):
        yield f"| {client} | {told} | {count:,} | {journal.longest.get(client, 0.0):.2f} s |"
    for (client, told), count in sorted(journal.disturbed.items()):
        yield f"| {client} | {told}, while disturbed | {count:,} | |"
    yield from ("", "| done to it | times | all answered again after, middle | at most |")
    yield "|---|---:|---:|---:|"
    for kind, seconds in sorted(outcome.recovered.items()):
        ordered = sorted(seconds)
        half = ordered[len(ordered) // 2]
        yield f"| {kind} | {len(ordered)} | {half:.2f} s | {ordered[-1]:.2f} s |"
    yield from ("", *grown_table(outcome.samples))
    yield from ("", *(f"- {line}" for line in outcome.lines))
    yield from (f"- not done: {line}" for line in outcome.undone)


def grown_table(samples: list[Sample]) -> Iterator[str]:
    """What the service held, by sixths of the time."""
    names = [each.name for each in fields(Sample) if each.name != "at"]
    yield f"| sixth of the time | {' | '.join(each.replace('_', ' ') for each in names)} |"
    yield f"|---|{'---:|' * len(names)}"
    size = max(len(samples) // 6, 1)
    for number in range(6):
        part = samples[number * size : (number + 1) * size]
        held = [middle(part, name) for name in names]
        yield f"| {number + 1} | {' | '.join(f'{each:,.0f}' for each in held)} |"


def main() -> int:
    """Run it, and print what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--disk-mib", type=int, default=2048)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(given.minutes * 60, given.size, given.disk_mib, given.seed)
        outcome = soak(Path(folder), plan)
    print("\n".join(table(outcome)))
    journal = outcome.journal
    print(f"\n{len(journal.faults)} promises broken", *journal.faults, sep="\n")
    print(f"\n{len(journal.missed)} bounds missed", *journal.missed, sep="\n")
    return 1 if journal.faults or journal.missed else 0


if __name__ == "__main__":
    sys.exit(main())
