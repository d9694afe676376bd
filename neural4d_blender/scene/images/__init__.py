"""Pictures that are sent to a service: of files, of Blender's images, of what a viewport shows.

Reads pixels; knows neither jobs nor services.
"""
