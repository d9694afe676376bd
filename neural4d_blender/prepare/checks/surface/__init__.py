"""Whether the surface is whole: edges, normals, and faces that should not be there."""
