"""What whoever runs the service has to mend."""

from __future__ import annotations


class OperatorError(Exception):
    """The service or a command cannot do what was asked. `sentence` says why and what to do, in one sentence, without anybody's words or
    secrets; `status` is the program's exit status."""

    def __init__(self, sentence: str, *, status: int = 1) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status
