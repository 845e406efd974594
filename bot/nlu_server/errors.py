"""Why there is no model."""

from __future__ import annotations

from bot.errors import OperatorError


class NluError(OperatorError):
    """Rasa cannot be installed, trained or started. `code` is for the log, the sentence for whoever called a command."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
