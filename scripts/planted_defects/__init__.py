"""Models made by a script, sound ones and ones with a defect that is known, for the checks of the preparer.

``bodies`` are sound, ``defects`` spoil them, ``cases`` has them all, ``trial`` prepares one and compares, ``agreement``
holds the checks against trimesh. All need Blender as a module.
"""
