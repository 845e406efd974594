"""The facts of a case in a message: kind of violence, place, kelurahan, age, relation (`nlu.rasa.marks`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pycrfsuite
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import (
    ENTITIES,
    ENTITY_ATTRIBUTE_END,
    ENTITY_ATTRIBUTE_START,
    ENTITY_ATTRIBUTE_TYPE,
    ENTITY_ATTRIBUTE_VALUE,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

import nlu.normalise
import nlu.rasa.ages
import nlu.rasa.kelurahan
import nlu.rasa.lexicon
import nlu.rasa.marks
import nlu.verbs
import nlu.words
from nlu.normalise import tokens
from nlu.rasa.marks import OUTSIDE, Mark, features, filled, given, labels, marks
from nlu.rasa.source import source_of

MODEL = "tagger.crfsuite"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class CaseEntityExtractor(GraphComponent, EntityExtractorMixin):
    """Learns from the examples of every intent that has annotated ones; questions are not annotated, and would only teach silence."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Rasa asks that something split the sentence before."""
        return [Tokenizer]

    @staticmethod
    def required_packages() -> list[str]:
        """What Rasa brings itself."""
        return ["sklearn_crfsuite"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`c1`, `c2`: how strongly large weights are held back; `doubt`: a word is left out only if that is likelier than this."""
        return {"c1": 0.0, "c2": 0.1, "iterations": 80, "doubt": 0.8}

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, folder: Path | None = None) -> None:
        """`folder`: where the trained tagger lies; missing before training."""
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._tagger: Any = None
        self._stored = b""
        if folder is not None:
            self._open(folder)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """As in the classifier: the modules that a trained tagger rests on."""
        return source_of(nlu.normalise, nlu.verbs, nlu.words, nlu.rasa.ages, nlu.rasa.kelurahan, nlu.rasa.lexicon, nlu.rasa.marks)

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> CaseEntityExtractor:
        """An untrained extractor."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> CaseEntityExtractor:
        """The trained extractor."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, folder)

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from the annotated intents, and stores the tagger."""
        annotated = {example.get_full_intent() for example in training_data.intent_examples if example.get(ENTITIES)}
        trainer = pycrfsuite.Trainer(verbose=False)
        trainer.set_params({"c1": self._config["c1"], "c2": self._config["c2"], "max_iterations": self._config["iterations"]})
        for example in training_data.intent_examples:
            text = example.get(TEXT)
            if text and example.get_full_intent() in annotated:
                said = tokens(text)
                if said:
                    trainer.append(features(said), labels(said, given(example.get(ENTITIES) or ())))
        with self._model_storage.write_to(self._resource) as folder:
            trainer.train(str(folder / MODEL))
            self._open(folder)
        return self._resource

    def _open(self, folder: Path) -> None:
        # Rasa removes the folder after loading, so the tagger reads from memory. It copies nothing: the bytes must live as long as it.
        self._stored = (folder / MODEL).read_bytes()
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open_inmemory(self._stored)

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the entities of each message."""
        for message in messages:
            text = message.get(TEXT)
            if not text or self._tagger is None:
                continue
            found = [
                {
                    ENTITY_ATTRIBUTE_TYPE: mark.entity,
                    ENTITY_ATTRIBUTE_VALUE: mark.value,
                    ENTITY_ATTRIBUTE_START: mark.start,
                    ENTITY_ATTRIBUTE_END: mark.end,
                }
                for mark in self._marks(text)
            ]
            message.set(ENTITIES, message.get(ENTITIES, []) + self.add_extractor_name(found), add_to_output=True)
        return messages

    def _marks(self, text: str) -> list[Mark]:
        said = tokens(text)
        if not said:
            return []
        tags = self._tagger.tag(features(said))
        others = [label for label in self._tagger.labels() if label != OUTSIDE]
        doubted = {
            at: max(others, key=lambda label: self._tagger.marginal(label, at))
            for at, tag in enumerate(tags)
            if tag == OUTSIDE and others and self._tagger.marginal(OUTSIDE, at) < self._config["doubt"]
        }
        return marks(said, filled(tags, doubted))
