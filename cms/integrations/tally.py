"""Counting in this process alone."""

from threading import Lock

MOST_KEYS = 10_000


class Tally:
    """Counts that expire. Full of live ones, it forgets the oldest: memory is worth more."""

    def __init__(self, *, most_keys: int = MOST_KEYS) -> None:
        self.most_keys = most_keys
        self.counts: dict[str, tuple[int, float]] = {}
        self.lock = Lock()

    def add(self, key: str, seconds: float, cost: int, *, now: float) -> int:
        """The new count of `key`, which lasts for `seconds` from its first hit."""
        with self.lock:
            used, ends = self.counts.get(key, (0, now + seconds))
            if ends <= now:
                used, ends = 0, now + seconds
            self.store(key, used + cost, ends, now)
            return used + cost

    def put(self, key: str, seconds: float, used: int, *, now: float) -> None:
        """The count of `key` is known from elsewhere."""
        with self.lock:
            self.counts.pop(key, None)
            self.store(key, used, now + seconds, now)

    def store(self, key: str, used: int, ends: float, now: float) -> None:
        if key not in self.counts and len(self.counts) >= self.most_keys:
            self.make_room(now)
        self.counts[key] = (used, ends)

    def make_room(self, now: float) -> None:
        live = {key: count for key, count in self.counts.items() if count[1] > now}
        for key in list(live)[: max(0, len(live) - self.most_keys * 9 // 10)]:
            del live[key]
        self.counts = live
