"""Models for boxes: one, a whole blockout, and sizes that are measured in the scene."""
