"""What a finished job means to the scene: its model placed, its end told, and found again where no file was saved."""

from ...engine.lazy_imports import open_late

open_late(
    __name__, "agents_jobs", "endings", "hidden_collections", "job_report", "place_finished_models", "recover_unsaved"
)
