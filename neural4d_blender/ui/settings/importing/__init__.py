"""What is made of a model before it comes into the scene, beside its size: repairs of its shape, and what games want.
May be loaded when Blender starts."""
