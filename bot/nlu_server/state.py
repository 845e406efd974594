"""How the understanding of free text is doing, as `/readyz` says it."""

from __future__ import annotations

from enum import StrEnum


class NluState(StrEnum):
    """People are served in every one of these: the danger phrases and the keyword search need no model."""

    OFF = "off"  # there is none: not wanted, or it could not be installed or trained (the log says why)
    INSTALLING = "installing"
    TRAINING = "training"
    STARTING = "starting"
    READY = "ready"
