"""What a service says beside what is needed is kept by its own names: a user may have a use for it."""

from __future__ import annotations

from neural4d_blender.engine.services.csm import sessions_2024
from neural4d_blender.engine.services.modelslab import responses as of_modelslab
from neural4d_blender.engine.services.neural4d import responses as of_neural4d


class Answers:
    """A connection that gives one answer."""

    def __init__(self, answer: dict[str, object]) -> None:
        self.answer = answer

    def call(self, *_path: object, **_how: object) -> dict[str, object]:
        return self.answer


def test_what_is_said_of_a_submission_is_kept() -> None:
    faces = {"default": 1_000_000, "min": 500_000, "max": 1_000_000, "value": 700_000}
    answer = {"type": "sys", "message": "Generating", "uuids": ["a"], "uploadedImageUrl": "https://files.example/a.png"}
    told = of_neural4d.submission({**answer, "generationConfig": {"faceNum": faces}}, "Neural4D").details
    assert told.items() >= {name: value for name, value in answer.items() if name != "uuids"}.items()
    assert {name: told[f"faceNum {name}"] for name in faces} == {name: str(value) for name, value in faces.items()}


def test_the_queue_of_pictures_is_kept() -> None:
    answer = {"pointsDeducted": 13, "queueStatus": "queued", "jobNum": 1, "uuids": ["a"]}
    assert of_neural4d.submission(answer, "Neural4D").details == {"queueStatus": "queued"}


def test_a_price_beside_an_older_session_is_kept() -> None:
    session = {"status": "refine_done", "mesh_url_glb": "https://files.example/m.glb", "price": 0.2}
    http = Answers({"statusCode": 200, "data": session})
    assert sessions_2024.poll(http, "SESSION_1").details == {"price": "0.2"}  # type: ignore[arg-type]


def test_how_long_a_model_took_is_kept() -> None:
    answer = {"status": "success", "id": 7, "output": ["https://files.example/m.glb"], "generationTime": 12.5}
    assert of_modelslab.poll(answer).details == {"generationTime": "12.5"}
