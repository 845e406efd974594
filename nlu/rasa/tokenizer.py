"""Rasa's tokens from `nlu.normalise`: the text as it was written, with its place; as lemma the word that is meant."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

from nlu.normalise import tokens


class SpokenToken(Token):
    """A word as it was written and as it is meant."""

    def fingerprint(self) -> str:
        """What the token is. Rasa asks every token of every example several times while it trains; its own answer goes over JSON and took
        half a minute for 14,000 examples."""
        return "\0".join((self.text, str(self.start), str(self.end), self.lemma, self.get("stem", "")))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class SpokenTokenizer(Tokenizer):
    """Splits what people write into words. Rasa's count features read the lemma, so "gw gk tau" and "aku tidak tahu" are alike to them."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's own settings of a tokenizer; intents are never split."""
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None}

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """The words of one attribute of a message. A text without words (an emoji, "...") is one token, as Rasa wants at least one."""
        text: str = message.get(attribute)
        found = [SpokenToken(token.text, token.start, token.end, {"stem": token.stem}, token.word) for token in tokens(text)]
        return [*found] or [SpokenToken(text, 0)]
