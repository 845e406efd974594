"""config.yml, domain.yml and data/ are one Rasa project: they name the same things."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest
import yaml

from bot.shelf import load_shelf, read_sources
from flows.inspection.content import Source, read_content
from flows.inspection.domain import MARKED, VALUES, check_domain
from flows.inspection.questions import files_of, lines_of
from nlu.rasa import kelurahan
from tests.structure.project import ROOT

DOMAIN = (ROOT / "domain.yml").read_text(encoding="utf-8")


def problems(*, domain: tuple[str, str] = ("", ""), emergency: tuple[str, str] = ("", "")) -> list[str]:
    """What is said of the domain and the examples that are shipped, with other words at the first place of some in the domain, or in the
    Indonesian examples of an emergency."""
    sources = read_sources()
    source = sources.intents["id"]["emergency"]
    changed = {**sources.intents["id"], "emergency": replace(source, text=source.text.replace(*emergency, 1))}
    content, _ = read_content(replace(sources, intents={**sources.intents, "id": changed}))
    wanted = Source(file="domain.yml", text=DOMAIN.replace(*domain, 1))
    return [str(each) for each in check_domain(content, wanted, kelurahan=kelurahan.NAMES)]


def test_domain_and_data_name_the_same() -> None:
    assert problems() == []
    content = load_shelf().content
    bodies = [body for language in content.languages for *_, body, _ in files_of(content, language)]
    assert sum(len(MARKED.findall(text)) for body in bodies for *_, text in lines_of(body)) > 500


def test_the_values_are_those_of_the_questions_and_of_the_city() -> None:
    library = load_shelf().library
    asked = {step.id: {option.id for option in step.options} for step in library.flows["report"].steps.values()}
    for entity, question in (("violence_type", "types"), ("place", "place_kind"), ("relation", "suspect")):
        assert VALUES[entity] <= asked[question], entity
    assert {name for kecamatan in library.regions.kecamatan for name in kecamatan.kelurahan} == set(kelurahan.NAMES)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"domain": ("  - emergency\n", "  - emergencies\n")}, [
            "data/id/intents/emergency.yml:3: domain.yml names no intent 'emergency'",
            "data/en/intents/emergency.yml:3: domain.yml names no intent 'emergency'",
            "domain.yml:4: names the intent 'emergencies', of which there is no example",
        ]),
        ({"domain": ("  - relation", "  - relation\n  - weapon")}, ["domain.yml:25: names the entity 'weapon', which no example marks"]),
        ({"emergency": ('"value": "parent"', '"value": "father"')}, [
            "data/id/intents/emergency.yml:5: [bapak] has the value 'father', which is no relation",
        ]),
        ({"emergency": ('"entity": "relation"', '"entity": "who"')}, [
            "data/id/intents/emergency.yml:5: domain.yml names no entity 'who' ([bapak])",
        ]),
        ({"emergency": ('{"entity": "relation"', '{entity: "relation"')}, [
            'data/id/intents/emergency.yml:5: what stands behind [bapak] cannot be read: write {"entity": …, "value": …}',
        ]),
        ({"domain": ("intents:", "intents: [")}, ["domain.yml:5: not YAML: did not find expected node content"]),
    ],
)  # fmt: skip
def test_what_is_wrong_between_them_is_told_with_its_line(changed: dict[str, tuple[str, str]], told: list[str]) -> None:
    assert problems(**changed) == told


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
