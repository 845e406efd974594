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
NLU_ASKED = Counter("ruang_aman_nlu_asked_total", "Messages that the model was asked about", registry=REGISTRY)
NLU = Counter("ruang_aman_nlu_total", "What became of messages for the model", ("outcome",), registry=REGISTRY)
NLU_SECONDS = Histogram(
    "ruang_aman_nlu_seconds", "How long the model was waited for", registry=REGISTRY,
    buckets=(0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 1.5),
)  # fmt: skip
UNPINNED = Gauge(
    "ruang_aman_keys_not_pinned", "Public keys in the database that are not those that the service remembers", ("kind",), registry=REGISTRY
)  # fmt: skip
FORGED = Counter("ruang_aman_forged_total", "Rows of the database that this service, or staff, did not write", ("kind",), registry=REGISTRY)
WAITING = Gauge("ruang_aman_waiting", "Rows that wait, by queue", ("queue",), registry=REGISTRY)
REPORTED = Counter(
    "ruang_aman_reported_total", "What a platform told of messages that went out", ("channel", "status", "code"), registry=REGISTRY
)  # fmt: skip
DESK_EVENTS = Counter("ruang_aman_desk_events_total", "What happened to hand-offs", ("event",), registry=REGISTRY)
DESK_WAITING = Gauge("ruang_aman_desk_waiting", "People who wait for somebody to take them, by urgency", ("urgency",), registry=REGISTRY)
DESK_OLDEST = Gauge("ruang_aman_desk_oldest_seconds", "How long the one has waited that waits the longest", registry=REGISTRY)
DESK_MESSAGES = Gauge("ruang_aman_desk_messages", "Messages that were left, and that nobody has taken", registry=REGISTRY)
DESK_PEOPLE = Gauge("ruang_aman_desk_people", "Staff whose console is connected, by what they said", ("state",), registry=REGISTRY)
DESK_ALARMS = Counter("ruang_aman_desk_alarms_total", "Alarms for crises that nobody had", ("way", "outcome"), registry=REGISTRY)
