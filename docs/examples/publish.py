"""A publish hook for a pipeline; see docs/promise.md. To be written."""
