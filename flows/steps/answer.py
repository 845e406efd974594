"""answer: what there is to say about a topic, then on."""

from __future__ import annotations

from flows import topic_lists
from flows.definition import Step
from flows.library import LEARN
from flows.move import Goto, Move
from flows.scene import Scene
from flows.steps.step_type import Passing


class Answer(Passing):
    """Tells the answer to the topic that the answer named by `topic` holds, in the words for whoever asks."""

    def enter(self, step: Step, scene: Scene) -> Move:
        """Sends and goes on; a topic that is gone meanwhile says nothing."""
        name = str(scene.frame.answers.get(str(step.settings.get("topic", "topic"))))
        if name in scene.library.topics:
            scene.tell(topic_lists.answer(scene, name, learning=scene.frame.flow.name == LEARN))
        return Goto(step=step.after(None))
