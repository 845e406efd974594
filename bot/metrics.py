"""Counters for the operator. No label ever holds anything personal: channels, codes and states only."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

RECEIVED = Counter("ruang_aman_received_total", "Messages taken in", ("channel", "kind"), registry=REGISTRY)
TURNS = Counter("ruang_aman_turns_total", "Turns of conversations", ("outcome",), registry=REGISTRY)
TURN_SECONDS = Histogram(
    "ruang_aman_turn_seconds", "From a stored message to its stored answer", registry=REGISTRY,
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)  # fmt: skip
ACTIONS = Counter("ruang_aman_actions_total", "Business actions", ("action", "code"), registry=REGISTRY)
SENT = Counter("ruang_aman_sent_total", "Deliveries", ("channel", "kind", "outcome"), registry=REGISTRY)
DANGER = Counter("ruang_aman_danger_total", "Messages that alarmed", ("level",), registry=REGISTRY)
WAITING = Gauge("ruang_aman_waiting", "Rows that wait, by queue", ("queue",), registry=REGISTRY)
