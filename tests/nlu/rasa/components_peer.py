"""Runs in Rasa's own environment (Python 3.10): trains the components on a few sentences, stores, loads, and says as JSON what came of it.

`python components_peer.py <folder of the project>`
"""

import gc
import json
import os
import sys
import tempfile
import uuid
from pathlib import Path

os.environ["RASA_TELEMETRY_ENABLED"] = "false"
sys.path.insert(0, sys.argv[1])

import sklearn.svm  # noqa: F401  scikit-learn brings the OpenMP library that the vectors' engine then uses
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader
from rasa.shared.nlu.training_data.message import Message

from nlu.rasa.classifier import RidgeIntentClassifier
from nlu.rasa.extractor import CaseEntityExtractor
from nlu.rasa.sentence import SentenceFeaturizer
from nlu.rasa.tokenizer import SpokenTokenizer

EXAMPLES = """
version: "3.1"
nlu:
- intent: thank
  examples: |
    - makasih ya kak
    - terima kasih banyak
    - thanks min
- intent: disclosure
  examples: |
    - [bapak]{"entity": "relation", "value": "parent"} [mukul]{"entity": "violence_type", "value": "physical"} aku
    - aku [dipukul]{"entity": "violence_type", "value": "physical"} [ibu]{"entity": "relation", "value": "parent"} di [rumah]{"entity": "place", "value": "home"}
    - [paman]{"entity": "relation", "value": "relative"} [nampar]{"entity": "violence_type", "value": "physical"} adik umur [9 tahun]{"entity": "victim_age", "value": "9"}
- intent: faq/visum
  examples: |
    - visum itu apa
    - visum dimana
    - visum bayar gak
- intent: faq/cost
  examples: |
    - lapor bayar gak
    - berapa biayanya
    - gratis atau bayar
"""  # noqa: E501
SENTENCES = ["mksh yaa", "aku dipukul bapak di rumah daerah lamaru", "visum tuh apa sih", "bayar berapa", "😭", ""]


def main() -> None:
    """Prints what is understood with and without sentence vectors, freshly trained and loaded."""
    context = ExecutionContext(GraphSchema({}), uuid.uuid4().hex)
    said: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        (Path(folder) / "model").mkdir()
        storage = LocalModelStorage.create(Path(folder) / "model")
        tokenizer = SpokenTokenizer.create(SpokenTokenizer.get_default_config(), storage, Resource("tokenizer"), context)
        featurizer = SentenceFeaturizer.create(SentenceFeaturizer.get_default_config(), storage, Resource("sentence"), context)
        threads: list[int] = []
        query = featurizer._model.query
        featurizer._model.query = lambda texts: threads.append(featurizer._threads.info()[0]["num_threads"]) or query(texts)
        for name, dense in (("words", False), ("both", True)):
            data = tokenizer.process_training_data(RasaYAMLReader().reads(EXAMPLES))
            if dense:
                data = featurizer.process_training_data(data)
            made = []
            for kind in (RidgeIntentClassifier, CaseEntityExtractor):
                resource = Resource(f"{name}_{kind.__name__}")
                fresh = kind.create({**kind.get_default_config(), "rarest": 1}, storage, resource, context)
                fresh.train(data)
                made.append((fresh, kind.load({**kind.get_default_config(), "rarest": 1}, storage, resource, context)))
            gc.collect()
            for which in (0, 1):
                messages = tokenizer.process([Message.build(text) for text in SENTENCES])
                if dense:
                    messages = featurizer.process(messages)
                for pair in made:
                    messages = pair[which].process(messages)
                said[f"{name} {('fresh', 'loaded')[which]}"] = [message.as_dict(only_output_properties=True) for message in messages]
        said["threads"] = sorted(set(threads))
        before = len(threads)
        featurizer.process_training_data(tokenizer.process_training_data(RasaYAMLReader().reads(EXAMPLES)))
        said["computed again"] = len(threads) - before
    tokens = SpokenTokenizer(SpokenTokenizer.get_default_config()).tokenize(Message.build("gw gk tau 😭"), "text")
    said["tokens"] = [[token.text, token.start, token.end, token.lemma] for token in tokens]
    print("ANSWER " + json.dumps(said))


main()
