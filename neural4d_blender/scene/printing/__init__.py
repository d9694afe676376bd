"""For a 3D printer: what stands in the scene as bodies in millimetres, judged, hollowed, laid out on plates, written as
3MF or STL. Imports bpy, numpy and the engine's ``protocol``.
"""
