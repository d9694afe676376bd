"""What the commands in scripts/ share: environments, a real Blender, the build, the test stages.

Standard library only: all of this runs on a bare Python 3.11 or newer before anything is installed.
"""
