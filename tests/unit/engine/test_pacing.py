"""How quickly a service may be called, learned from its refusals."""

from __future__ import annotations

import random
from collections import deque

from neural4d_blender.engine.http.rate_limit import MINUTE, RateLimiter
from neural4d_blender.engine.model.server_facts import Server


class Clock:
    """Seconds that only pass where a test says so."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Service:
    """Takes so many calls a minute, counting those it takes: over a minute that slides."""

    def __init__(self, clock: Clock, limit: int) -> None:
        self.clock, self.limit, self.taken, self.refused = clock, limit, deque[float](), 0

    def takes(self) -> bool:
        while self.taken and self.taken[0] <= self.clock.now - MINUTE:
            self.taken.popleft()
        if len(self.taken) >= self.limit:
            self.refused += 1
            return False
        self.taken.append(self.clock.now)
        return True


def drive(limiter: RateLimiter, service: Service, clock: Clock, kinds: list[bool], told: float | None = None) -> None:
    """Make these calls in their order, each as soon as it may leave."""
    for paid in kinds:
        while True:
            if wait := limiter.enter(paid=paid):
                clock.now += wait + 0.001
                continue
            clock.now += 0.2
            if service.takes():
                limiter.accepted()
                break
            limiter.refused(paid=paid, seconds=told)


def test_nothing_holds_anybody_back_before_a_refusal() -> None:
    limiter = RateLimiter(Server())
    assert [limiter.enter(paid=False) for _ in range(1000)] == [0.0] * 1000


def test_five_calls_a_minute_are_met_with_a_handful_of_refusals() -> None:
    clock = Clock()
    limiter, service = RateLimiter(Server(), clock=clock), Service(clock, 5)
    drive(limiter, service, clock, [True] * 50)
    assert service.refused <= 5
    assert clock.now - Clock.now < 50 / 5 * MINUTE * 1.3


def test_where_all_calls_count_together() -> None:
    clock = Clock()
    limiter, service = RateLimiter(Server(), clock=clock), Service(clock, 5)
    choose = random.Random(7)
    drive(limiter, service, clock, [choose.random() < 0.3 for _ in range(100)])
    assert service.refused <= 8


def test_a_wait_that_is_named_is_kept_and_one_that_is_not_is_a_minute() -> None:
    clock = Clock()
    limiter = RateLimiter(Server(), clock=clock)
    limiter.enter(paid=True)
    assert limiter.refused(paid=True, seconds=7.0) == 7.0
    assert 6.9 < limiter.wait(paid=False) <= 7.0
    clock.now += 7.1
    assert limiter.wait(paid=False) == 0.0
    other = RateLimiter(Server(), clock=clock)
    assert other.refused(paid=True, seconds=None) == MINUTE


def test_refusals_in_a_row_are_waited_out_longer_and_longer() -> None:
    limiter = RateLimiter(Server(), clock=Clock())
    waits = [limiter.refused(paid=True, seconds=2.0) for _ in range(20)]
    assert waits == sorted(waits)
    assert waits[-1] == 20.0
    limiter.accepted()
    assert limiter.refused(paid=True, seconds=2.0) == 2.0


def test_another_engine_of_this_computer_waits_too() -> None:
    class Shelf:
        def __init__(self) -> None:
            self.facts: dict[str, str] = {}

        def server_facts(self, provider: str, url: str) -> dict[str, str]:
            return dict(self.facts)

        def note_server(self, provider: str, url: str, name: str, value: str) -> None:
            self.facts[name] = value

    shelf, clock = Shelf(), Clock()
    one, two = (RateLimiter(Server("neural4d", "https://x.example", shelf), clock=clock) for _ in range(2))
    one.refused(paid=True, seconds=30.0)
    assert 29.9 < two.wait(paid=False) <= 30.0


def test_a_clock_that_was_set_back_does_not_make_it_hours() -> None:
    clock = Clock()
    limiter = RateLimiter(Server(), clock=clock)
    limiter.refused(paid=True, seconds=30.0)
    clock.now -= 86_400
    assert limiter.wait(paid=True) <= 10 * MINUTE


def test_a_clock_that_was_set_back_ends_the_wait() -> None:
    """How much of it is over cannot be known; the service will ask again."""
    clock = Clock()
    limiter = RateLimiter(Server(), clock=clock)
    limiter.refused(paid=True, seconds=300.0)
    assert 299.0 < limiter.wait(paid=True) <= 300.0
    clock.now -= 86_400
    assert limiter.wait(paid=True) == 0.0
