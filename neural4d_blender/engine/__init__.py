"""The engine: HTTP, money, the job journal, downloads. A child process of Blender's.

Standard library and requests only; imports neither bpy nor anything above this folder. The host
talks to it through ``protocol`` alone.
"""

from .late import open_late

# What a service's declaration can be read without.
open_late(__name__, "addresses", "answers", "imagefile", "refusals", "request")
