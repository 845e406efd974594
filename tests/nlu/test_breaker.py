"""The breaker: who may ask, and when."""

from __future__ import annotations

from nlu.breaker import Breaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def opened() -> tuple[Breaker, Clock]:
    clock = Clock()
    breaker = Breaker(failures=3, pause=5, longest=12, clock=clock)
    assert [breaker.failed() for _ in range(3)] == [False, False, True]
    return breaker, clock


def test_some_failures_in_a_row_open_it() -> None:
    breaker, _ = opened()
    assert breaker.open and not breaker.enter()


def test_a_success_between_failures_starts_the_count_anew() -> None:
    breaker = Breaker(failures=2)
    assert not breaker.failed()
    breaker.succeeded()
    assert not breaker.failed() and breaker.enter()


def test_after_the_pause_one_tries_and_a_success_lets_everybody_in() -> None:
    breaker, clock = opened()
    clock.now += 5
    assert breaker.enter() and not breaker.enter()
    breaker.succeeded()
    assert breaker.enter() and breaker.enter()


def test_each_trial_that_fails_doubles_the_pause() -> None:
    breaker, clock = opened()
    for pause in (5, 10, 12, 12):
        clock.now += pause - 0.1
        assert not breaker.enter()
        clock.now += 0.1
        assert breaker.enter()
        assert not breaker.failed()  # it was open already: nothing new to log


def test_a_trial_that_was_given_up_leaves_the_next_one_its_turn() -> None:
    breaker, clock = opened()
    clock.now += 5
    assert breaker.enter()
    breaker.left()
    assert breaker.enter()


def test_what_was_on_its_way_when_it_opened_does_not_lengthen_the_pause() -> None:
    breaker, clock = opened()
    breaker.failed()
    clock.now += 5
    assert breaker.enter()
