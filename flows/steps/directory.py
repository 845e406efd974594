"""directory: what services there are, with number, purpose, hours, who answers, and the day it was verified."""

from __future__ import annotations

from flows.definition import Step
from flows.directory import PARTS, Service
from flows.move import Goto, Move
from flows.scene import Scene
from flows.steps.step_type import Passing

NONE = "none"


class Directory(Passing):
    """Tells the services for a `need`, or all; those for the whole city, or with `area` (the name of an answer about a place) those for
    that kecamatan alone. Takes the way `none` where there is nothing to tell."""

    def enter(self, step: Step, scene: Scene) -> Move:
        """Sends each, and goes on."""
        found = self._found(step, scene)
        for service in found:
            scene.tell(_lines(service, scene))
        return Goto(step=step.after(None if found else NONE))

    @staticmethod
    def _found(step: Step, scene: Scene) -> list[Service]:
        need, area = step.settings.get("need"), step.settings.get("area")
        place = scene.frame.answers.get(str(area)) if area is not None else None
        code = place.get("kecamatan") if isinstance(place, dict) else None
        return [
            service
            for service in scene.library.services
            if (need is None or need in service.needs) and (code in service.kecamatan if area is not None else not service.kecamatan)
        ]


def _lines(service: Service, scene: Scene) -> str:
    lines = [f"{service.text('name', scene.language)}: {{number.{service.id}}}"]
    for part in PARTS:
        text = service.text(part, scene.language)
        if text:
            lines.append(f"{scene.common(f'service_{part}')}: {text}")
    if not service.always:
        lines.append(f"{scene.common('service_checked')}: {service.verified.day}/{service.verified.month}/{service.verified.year}")
    return "\n".join(lines)
