"""The buttons of a job that is there: cancel and retry, its models in the scene, its files, and itself as Python."""
