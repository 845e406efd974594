"""config.yml, domain.yml and data/ are one Rasa project: they name the same things."""

from __future__ import annotations

import ast
import json
import re

import yaml

from nlu.rasa import kelurahan
from tests.structure.project import ROOT

_MARKED = re.compile(r"\[([^\]]+)\]\{([^}]*)\}")
VALUES = {
    "violence_type": {"physical", "psychological", "sexual", "neglect", "exploitation", "trafficking", "bullying", "online"},
    "place": {"home", "school", "public", "work", "online", "other"},
    "relation": {"parent", "relative", "neighbour", "teacher", "friend", "spouse", "employer", "stranger", "other"},
    "kelurahan": set(kelurahan.NAMES),
    "victim_age": {str(age) for age in range(18)},
}


def _examples() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for path in sorted(ROOT.glob("data/*/intents/*.yml")) + sorted(ROOT.glob("data/*/faq/*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            found += [(block["intent"], line[2:].strip()) for line in block["examples"].splitlines() if line.startswith("- ")]
    return found


def test_domain_and_data_name_the_same_intents() -> None:
    domain = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
    assert set(domain["intents"]) == {intent.partition("/")[0] for intent, _ in _examples()}
    assert set(domain["entities"]) == VALUES.keys()


def test_every_annotation_has_a_value_that_the_service_knows() -> None:
    wrong: list[str] = []
    seen = 0
    for _, line in _examples():
        for words, about in _MARKED.findall(line):
            seen += 1
            entity = json.loads("{" + about + "}")
            if str(entity.get("value")) not in VALUES.get(entity["entity"], set()):
                wrong.append(f"{words}: {about}")
    assert seen > 500
    assert wrong == []


def test_every_part_of_the_pipeline_is_there() -> None:
    config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    names = [part["name"] for part in config["pipeline"]]
    assert len(names) == 4
    for name in names:
        module, _, component = name.rpartition(".")
        tree = ast.parse((ROOT / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8"), feature_version=(3, 10))
        (found,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == component]
        for method in [node for node in found.body if isinstance(node, ast.FunctionDef)]:  # Rasa refuses a component without them
            assert method.returns is not None, f"{name}.{method.name}"
            unknown = [a.arg for a in method.args.args[1:] if a.annotation is None]
            assert unknown == [], f"{name}.{method.name}"
