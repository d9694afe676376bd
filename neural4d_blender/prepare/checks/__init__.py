"""What is measured of a model once it has its size: nothing of it is changed, and nothing here can fail its job.

Each check is a file in ``surface``, ``body`` or ``look``, with its name, unit, threshold and sentence. ``run`` has them
all measure one ``Shape``, the model as arrays in millimetres. What a check finds is marked in the meshes themselves, in
boolean attributes called ``neural4d_`` and the check's name, on edges or faces, there only where something was found.
"""
