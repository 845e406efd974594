"""The intent of a message, and for a question its topic, from `nlu.rasa.ridge`."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.constants import (
    RESPONSE_SELECTOR_PREDICTION_KEY,
    RESPONSE_SELECTOR_PROPERTY_NAME,
    RESPONSE_SELECTOR_RANKING_KEY,
    RESPONSE_SELECTOR_RESPONSES_KEY,
    RESPONSE_SELECTOR_RETRIEVAL_INTENTS,
    RESPONSE_SELECTOR_UTTER_ACTION_KEY,
)
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import (
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    INTENT_RESPONSE_KEY,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.nlu.training_data.util import intent_response_key_to_template_key
from threadpoolctl import threadpool_limits

import nlu.normalise
import nlu.rasa.grams
import nlu.rasa.ridge
import nlu.verbs
import nlu.words
from nlu.rasa.ranking import Ranking, rank
from nlu.rasa.ridge import Options, Ridge
from nlu.rasa.source import source_of

RANKED = 10  # how many intents and topics the answer names


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class RidgeIntentClassifier(IntentClassifier, GraphComponent):
    """Learns intents and the topics of retrieval intents at once, and reports both as Rasa's own classifier and response selector do."""

    @classmethod
    def required_components(cls) -> list[type]:
        """A featurizer is not required: without one, words alone decide."""
        return [Tokenizer]

    @staticmethod
    def required_packages() -> list[str]:
        """What Rasa brings itself."""
        return ["sklearn"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The values that were best on the development set (`docs/nlu.md`)."""
        return {
            "views": {"letters_written": 1.0, "letters_meant": 1.0, "words_meant": 1.0, "roots": 1.0},
            "dense": 4.0,
            "width": 2.0,
            "calm": 1.0,
            "balance": 0.3,
            "rarest": 1,
            "lean": {},
            "certainty": None,
        }

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, model: Ridge | None = None
    ) -> None:
        """`model` is missing before training."""
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = model

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Rasa takes a trained part from its cache when the source of its class is unchanged; what was learned rests on these as well."""
        return source_of(nlu.normalise, nlu.verbs, nlu.words, nlu.rasa.grams, nlu.rasa.ridge)

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> RidgeIntentClassifier:
        """An untrained classifier."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> RidgeIntentClassifier:
        """The trained classifier. Raises `ValueError` if the model was trained without it."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, Ridge.load(folder))

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from every example that has an intent, and stores what was learned."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT) and example.get(INTENT)]
        vectors = [_vector(example) for example in examples]
        present = [vector for vector in vectors if vector is not None]
        if present and len(present) != len(examples):
            raise ValueError("some examples have sentence vectors and some have none")
        with threadpool_limits(limits=os.cpu_count(), user_api="blas"):  # one thread is for understanding, where others need the cores
            self._model = Ridge.learn(
                [example.get(TEXT) for example in examples],
                [example.get_full_intent() for example in examples],
                np.stack(present) if present else None,
                Options(**{name: self._config[name] for name in self.get_default_config()}),
            )
        with self._model_storage.write_to(self._resource) as folder:
            self._model.store(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets intent, ranking and topics of each message. Without a trained model, or for an empty text, the intent is None."""
        for message in messages:
            text = message.get(TEXT) or ""
            if self._model is None or not text.strip():
                message.set(INTENT, {INTENT_NAME_KEY: None, PREDICTED_CONFIDENCE_KEY: 0.0}, add_to_output=True)
                message.set(INTENT_RANKING_KEY, [], add_to_output=True)
                continue
            probabilities = self._model.probabilities(text, _vector(message)).tolist()
            _report(message, rank(dict(zip(self._model.labels, probabilities, strict=True))))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """What was learned is not said back to the examples."""
        return training_data


def _vector(message: Message) -> NDArray[np.float32] | None:
    _, sentence = message.get_dense_features(TEXT, [])
    return None if sentence is None else np.asarray(sentence.features[0], dtype=np.float32)


def _report(message: Message, found: Ranking) -> None:
    def named(key: str, pairs: list[tuple[str, float]]) -> list[dict[str, Any]]:
        return [{key: name, PREDICTED_CONFIDENCE_KEY: confidence} for name, confidence in pairs[:RANKED]]

    intents = named(INTENT_NAME_KEY, found.intents)
    message.set(INTENT, dict(intents[0]), add_to_output=True)
    message.set(INTENT_RANKING_KEY, intents, add_to_output=True)
    if not found.topics:
        return
    selected: dict[str, Any] = {RESPONSE_SELECTOR_RETRIEVAL_INTENTS: sorted(found.topics)}
    for retrieval, topics in found.topics.items():
        best, confidence = topics[0]
        selected[retrieval] = {
            RESPONSE_SELECTOR_PREDICTION_KEY: {
                RESPONSE_SELECTOR_RESPONSES_KEY: [],  # the service has the answers; a model has none of them
                PREDICTED_CONFIDENCE_KEY: confidence,
                INTENT_RESPONSE_KEY: best,
                RESPONSE_SELECTOR_UTTER_ACTION_KEY: intent_response_key_to_template_key(best),
            },
            RESPONSE_SELECTOR_RANKING_KEY: named(INTENT_RESPONSE_KEY, topics),
        }
    message.set(RESPONSE_SELECTOR_PROPERTY_NAME, selected, add_to_output=True)
