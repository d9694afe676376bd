"""Batches: from a table of inputs to jobs, and from jobs to a report. Free of Blender.

Standard library, client and the engine's ``protocol`` only. What differs between a scene and a folder of files is
behind ``host.py``.
"""
