"""Counts that a process keeps for a moment before it tells them to all."""

from threading import Lock

from cms.integrations.tally import MOST_KEYS, Tally

EVERY_SECONDS = 0.5


class Gathering:
    """What this process has counted and not yet told, beside what it knows of all together."""

    def __init__(self) -> None:
        self.known = Tally()
        self.untold: dict[str, tuple[int, float]] = {}  # by key: how many, for how long
        self.told_at = float("-inf")
        self.lock = Lock()

    def add(self, key: str, seconds: float, *, now: float) -> int:
        """Count one; how many there are, as far as is known here."""
        with self.lock:
            self.untold[key] = (self.untold.get(key, (0, 0.0))[0] + 1, seconds)
        return self.known.add(key, seconds, 1, now=now)

    def take(self, *, now: float) -> dict[str, tuple[int, float]]:
        """What is to be told, if it is time for it; the caller tells it, and nobody else does."""
        with self.lock:
            if now < self.told_at + EVERY_SECONDS and len(self.untold) < MOST_KEYS:
                return {}
            self.told_at = now
            taken, self.untold = self.untold, {}
            return taken

    def learn(self, sums: dict[str, tuple[int, float]], *, now: float) -> dict[str, int]:
        """From now on, so many are known, and what was counted here in the meantime."""
        with self.lock:
            counts = {
                key: used + self.untold.get(key, (0, 0.0))[0] for key, (used, _) in sums.items()
            }
        for key, used in counts.items():
            self.known.put(key, sums[key][1], used, now=now)
        return counts
