"""A topic out of those that there are: the shelves, the topics of one, those near another, or those that may have been meant."""

from __future__ import annotations

from typing import Any

from flows import topic_lists
from flows.answers.kind import Again, Answer, Offer, Reading, labelled, not_text, retry
from flows.definition import Step
from flows.matching import match_choice
from flows.message import Inbound
from flows.scene import Scene

ROWS = 10  # more than a WhatsApp list holds (Twilio Content API, `twilio/list-picker`) go on further pages
MORE = "more_topics"


class Topic:
    """`list` says which topics: `groups`, `group` (of the answer that `of` names), `next` (to the topic that `of` names), `nearest`. The
    step's own options come last. `scratch` holds the page."""

    def offer(self, step: Step, scene: Scene) -> Offer:
        """The page of the list, and the step's options."""
        found, own = self._found(step, scene), labelled(step, scene)
        about = {name: topic_lists.question(scene, name) for name, _ in found} if step.settings.get("list") == "nearest" else {}
        if len(found) + len(own) <= ROWS:
            return Offer(options=(*found, *own), about=about)
        size = ROWS - len(own) - 1
        page = self._page(scene) % -(-len(found) // size)
        more = (MORE, scene.common("topics_more"))
        return Offer(options=(*found[page * size : (page + 1) * size], more, *own), about=about)

    @staticmethod
    def _page(scene: Scene) -> int:
        page = scene.frame.scratch.get("page")
        return page if isinstance(page, int) else 0

    @staticmethod
    def _found(step: Step, scene: Scene) -> tuple[tuple[str, str], ...]:
        which, of = step.settings.get("list"), scene.frame.answers.get(str(step.settings.get("of", "")))
        if which == "groups":
            return topic_lists.groups(scene)
        if which == "group":
            return topic_lists.of_group(scene, of)
        return topic_lists.after(scene, of) if which == "next" else topic_lists.nearest(scene)

    def read(self, step: Step, scene: Scene, message: Inbound, tapped: str | None) -> Reading:
        """A tap, a number, a title or a close spelling of one, of the whole list; the next page."""
        if tapped is None:
            refusal = not_text(step, scene, message, "topic")
            if refusal is not None:
                return refusal
        shown, everything = self.offer(step, scene).options, (*self._found(step, scene), *labelled(step, scene))
        chosen = tapped if tapped is not None else match_choice(message.text, shown) or match_choice(message.text, everything)
        if chosen == MORE and chosen in dict(shown):
            scene.frame.scratch["page"] = self._page(scene) + 1
            return Again(text=scene.words(step=step), miss=False, whole=False)
        if chosen in dict(everything):
            return Answer(value=chosen, option=chosen)
        return retry(step, scene, "topic")

    def show(self, step: Step, scene: Scene, value: Any) -> str:
        """The title."""
        return topic_lists.title(scene, str(value))
