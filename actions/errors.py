"""What an action may raise: one tree, a code for machines."""

from __future__ import annotations


class ActionError(Exception):
    """An action could not be done. `code` goes to the log; the person gets a safe sentence."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class UnknownAction(ActionError):
    """A definition asks for an action that the registry does not hold (`check` refuses such a definition)."""
