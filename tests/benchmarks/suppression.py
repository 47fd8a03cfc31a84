"""How many hidden counts of random tables tau-Argus finds again: 20,000 tables, none expected.

Run it by hand: `python -m tests.benchmarks.suppression`. Not part of the suite, which takes a few hundred.
"""

from __future__ import annotations

import random
import time

from pipelines.statistics.suppression import hide
from tests.attacking import disclosed, random_table

SEED, TABLES, MOST = 20261122, 20_000, 7


def main() -> None:
    """Prints tables, counts, how many are hidden, by which reason, how many are found, and CPU-seconds."""
    chance = random.Random(SEED)
    told = alone = cells = hidden = small = 0
    spent = 0.0
    for _ in range(TABLES):
        counts, sums = random_table(chance)
        begun = time.process_time()
        pattern = hide(counts, sums, MOST)
        spent += time.process_time() - begun
        primary = {cell for cell, why in pattern.items() if why == "primary"}
        cells, hidden, small = cells + len(counts), hidden + len(pattern), small + len(primary)
        told += len(disclosed(counts, sums, pattern, MOST))
        alone += len(disclosed(counts, sums, primary, MOST))
    print(f"{TABLES:,} tables, {cells:,} counts, {small:,} small, {hidden:,} hidden")
    print(f"found by tau-Argus: {told:,}; where only small ones are hidden: {alone:,}")
    print(f"CPU-seconds: {spent:.1f} to hide, {time.process_time() - spent:.1f} to look")


if __name__ == "__main__":
    main()
