"""kecamatan → kelurahan: two taps, or a name as people type it. What was typed is kept beside what it was taken for."""

from __future__ import annotations

from typing import Any

from flows.answers.kind import Again, Answer, Offer, Reading, not_text, retry
from flows.definition import Step
from flows.matching import match_choice
from flows.message import Inbound
from flows.numbers import parse_ordinal
from flows.places import Place as Found
from flows.places import match_place
from flows.scene import Scene

OUTSIDE = "outside_city"
UNSURE = "unsure"
OTHER = "other_place"


def _slug(name: str) -> str:
    return name.casefold().replace(" ", "_")


class Place:
    """`level: kelurahan` asks for the kelurahan after the kecamatan. The answer is {"kecamatan": code, "kelurahan": name, "text": typed},
    each null where it is not known; `scratch` holds the kecamatan of the first tap, or the readings of an ambiguous name."""

    def offer(self, step: Step, scene: Scene) -> Offer:
        """The kecamatan; then the kelurahan of the chosen one; or the readings of a name that may mean several places."""
        scratch = scene.frame.scratch
        if "candidates" in scratch:
            options = tuple((_slug(name), name) for _, name in scratch["candidates"])
            return Offer(text=scene.common("place_which"), options=(*options, (OTHER, scene.common("place_other"))))
        if "kecamatan" in scratch:
            kecamatan = scene.library.regions.of(scratch["kecamatan"])
            if kecamatan is not None:
                text = scene.common("kelurahan_of").replace("{kecamatan}", kecamatan.name)
                options = tuple((_slug(name), name) for name in kecamatan.kelurahan)
                return Offer(text=text, options=(*options, (UNSURE, scene.common("place_unsure"))))
        options = tuple((kecamatan.code, kecamatan.name) for kecamatan in scene.library.regions.kecamatan)
        return Offer(options=(*options, (OUTSIDE, scene.common("place_outside")), (UNSURE, scene.common("place_unsure"))))

    def read(self, step: Step, scene: Scene, message: Inbound, tapped: str | None) -> Reading:
        """A tap, a number, or a name with typos. A pin does not say which kelurahan it is in: it is asked in words."""
        if tapped is None:
            refusal = not_text(step, scene, message, "place")
            if refusal is not None:
                return refusal
        chosen = tapped if tapped is not None else self._listed(step, scene, message.text)
        if chosen is not None:
            return self._chosen(step, scene, chosen)
        found = match_place(message.text, scene.library.regions)
        if found is None:
            return retry(step, scene, "place")
        if found.certain:
            return self._found(step, scene, found, message.text)
        names = [[c.kecamatan, c.kelurahan or self._name(scene, c.kecamatan)] for c in found.candidates]
        scene.frame.scratch = {"candidates": names, "text": message.text}
        return Again(miss=False)

    def _listed(self, step: Step, scene: Scene, text: str) -> str | None:
        """A number of the list, or one of the words beside the names. Names themselves are read by `match_place`, which is stricter."""
        options = self.offer(step, scene).options
        number = parse_ordinal(text, len(options))
        if number is not None:
            return options[number - 1][0]
        known = {UNSURE, OUTSIDE, OTHER}
        chosen = match_choice(text, options)
        return chosen if chosen in known else None

    def _chosen(self, step: Step, scene: Scene, chosen: str) -> Reading:
        scratch = scene.frame.scratch
        if "candidates" in scratch:
            for code, name in scratch["candidates"]:
                if _slug(name) == chosen:
                    kelurahan = None if name == self._name(scene, code) else name
                    return self._found(step, scene, Found(kecamatan=code, kelurahan=kelurahan, certain=True), scratch.get("text", ""))
            scene.frame.scratch = {}
            return Again(miss=False)
        if "kecamatan" in scratch:
            kecamatan = scene.library.regions.of(scratch["kecamatan"])
            names = kecamatan.kelurahan if kecamatan is not None else ()
            if chosen == UNSURE or chosen in {_slug(name) for name in names}:
                name = next((name for name in names if _slug(name) == chosen), None)
                return Answer(value={"kecamatan": scratch["kecamatan"], "kelurahan": name, "text": scratch.get("text", "")})
            return retry(step, scene, "place")
        if chosen in (UNSURE, OUTSIDE):
            return Answer(value={"kecamatan": None, "kelurahan": None, "text": "", "note": chosen}, option=chosen)
        if scene.library.regions.of(chosen) is None:
            return retry(step, scene, "place")
        return self._found(step, scene, Found(kecamatan=chosen, kelurahan=None, certain=True), "")

    @staticmethod
    def _found(step: Step, scene: Scene, found: Found, text: str) -> Reading:
        if found.kelurahan is None and step.settings.get("level") == "kelurahan":
            scene.frame.scratch = {"kecamatan": found.kecamatan, "text": text}
            return Again(miss=False)
        return Answer(value={"kecamatan": found.kecamatan, "kelurahan": found.kelurahan, "text": text})

    @staticmethod
    def _name(scene: Scene, code: str | None) -> str:
        kecamatan = scene.library.regions.of(code) if code else None
        return kecamatan.name if kecamatan is not None else ""

    def show(self, step: Step, scene: Scene, value: Any) -> str:
        """The names; what was typed where no name is known."""
        if value.get("note"):
            return scene.common("place_outside" if value["note"] == OUTSIDE else "place_unsure")
        kecamatan = self._name(scene, value.get("kecamatan"))
        return ", ".join(name for name in (value.get("kelurahan"), kecamatan) if name) or str(value.get("text", ""))
