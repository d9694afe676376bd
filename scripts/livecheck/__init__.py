"""What scripts/live_check.py does: asks a service what its documents leave open, within a number of points.

The requests are those of the product's own engine (neural4d_blender.engine), told to an observer. Other modules of
scripts may be imported, bpy never.
"""
