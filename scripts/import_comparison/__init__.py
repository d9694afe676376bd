"""What scripts/gauntlet.py does: model files through the checks and the preparer, beside Blender's import."""
