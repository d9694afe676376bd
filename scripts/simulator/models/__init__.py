"""The models that the stand-in 'generates': recognisable shapes with textures, the same for the same prompt.

May import numpy, Pillow and trimesh; nothing of the service around it.
"""
