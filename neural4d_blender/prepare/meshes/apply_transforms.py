"""Moves transforms from objects into their data. May import bpy, mathutils and numpy.

Afterwards every object has location 0, rotation 0 and scale 1, but for those that share a mesh, and looks as before:
mirrored parts keep their outside outside, custom normals follow sheared and unevenly scaled parts.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from ..open_file import mesh_of
from . import shared_meshes
from .evaluate import Part

Floats = NDArray[np.float64]

CARRIER = "neural4d_normal"
#: How far from a uniform scale a matrix may be before custom normals have to be recomputed.
_UNIFORM_TOLERANCE = 1e-5


def bake_world(parts: Iterable[Part]) -> tuple[Floats, dict[bpy.types.Object, float]]:
    """Bake each part's place in the world into its data and unparent it; what is repeated stays so (shared_meshes.py).

    The model is moved so that its centre comes to lie at the origin, which keeps the precision of models that
    stand far away from it. Returns that centre's former place (x, y, z in metres), and how much each part's own
    coordinates grew.
    """
    parts = list(parts)
    alone, groups = shared_meshes.divide(parts)
    _make_single_user(alone, Counter(part.item.data for part in parts))
    lower, upper = bounds((part.item, np.array(part.world, dtype=np.float64)) for part in parts if is_mesh(part.item))
    center = (lower + upper) / 2
    shift = np.eye(4)
    shift[:3, 3] = -center
    for part in alone:
        if is_mesh(part.item) and part.item.parent_type == "BONE" and part.item.parent is not None:
            _weigh_to_bone(part.item)
    grown: dict[bpy.types.Object, float] = {}
    for part in alone:
        reset_transform(part.item)
        transform(part.item, Matrix((shift @ np.array(part.world, dtype=np.float64)).tolist()))
        grown[part.item] = _growth(part.world)
    for group in groups:
        shared = shared_meshes.one_mesh(group)
        worlds = [shift @ np.array(part.world, dtype=np.float64) for part in group]
        basis, places = shared_meshes.fitting_all(worlds)
        transform_mesh(shared, Matrix(basis.tolist()))
        for part, place in zip(group, places, strict=True):
            reset_transform(part.item)
            shared_meshes.put(part.item, place)
            grown[part.item] = _growth(Matrix(basis.tolist()))
    return center, grown


def move_and_scale(items: Iterable[bpy.types.Object], move: Floats, factor: float) -> None:
    """Scale objects about the origin and move them: in their data, and of those that share it in their location."""
    items = list(items)
    users = Counter(item.data for item in items)
    scale, moved = Matrix.Scale(factor, 4), Matrix.Translation(move.tolist())
    for item in {item.data: item for item in items if users[item.data] > 1}.values():
        transform(item, scale)
    for item in items:
        if users[item.data] > 1:
            item.location = moved @ (item.location * factor)
        else:
            transform(item, moved @ scale)


def unshare(items: Iterable[bpy.types.Object]) -> None:
    """Data of its own and an identity transform for each mesh object."""
    items = list(items)
    users = Counter(item.data for item in items)
    for item in items:
        if users[item.data] > 1:
            item.data = mesh_of(item).copy()
            matrix = item.matrix_basis.copy()
            reset_transform(item)
            transform(item, matrix)


def is_mesh(item: bpy.types.Object) -> bool:
    return item.type == "MESH"


def transform(item: bpy.types.Object, matrix: Matrix) -> None:
    """Apply any affine matrix to the mesh or armature of an object."""
    if isinstance(item.data, bpy.types.Armature):
        item.data.transform(matrix)
    else:
        transform_mesh(mesh_of(item), matrix)


def transform_mesh(mesh: bpy.types.Mesh, matrix: Matrix) -> None:
    """Apply any affine matrix to a mesh that has one user, shape keys included."""
    linear = np.array(matrix.to_3x3(), dtype=np.float64)
    mirrored = matrix.determinant() < 0
    carried = mesh.has_custom_normals and not (_is_uniform(linear) and not mirrored)
    carried = carried and keep_normals(mesh, linear)
    mesh.transform(matrix, shape_keys=True)
    if mirrored:
        mesh.flip_normals()  # turns the corners of each face round, and every corner attribute with them
    if carried:
        restore_normals(mesh)


def keep_normals(mesh: bpy.types.Mesh, linear: Floats | None = None) -> bool:
    """Write the normals at the corners, under a matrix's inverse transpose, to an attribute that goes with them.

    Returns False, and writes nothing, where the 3x3 matrix flattens the mesh.
    """
    normals = _transformed_normals(mesh, np.eye(3) if linear is None else linear)
    if normals is None:
        return False
    _carrier(mesh).data.foreach_set("vector", normals.ravel())
    return True


def restore_normals(mesh: bpy.types.Mesh) -> None:
    """Make the kept normals the mesh's custom normals; corners that lost theirs get the surface's."""
    carrier = _carrier(mesh)
    normals = np.empty((len(mesh.loops), 3), dtype=np.float32)
    carrier.data.foreach_get("vector", normals.ravel())
    mesh.attributes.remove(carrier)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    normals /= np.maximum(lengths, 1e-12)
    normals[lengths[:, 0] < 1e-6] = 0  # Blender's word for: as the surface has it
    mesh.normals_split_custom_set(normals)


def reset_transform(item: bpy.types.Object) -> None:
    """No parent, no constraints, identity transform."""
    for constraint in list(item.constraints):
        item.constraints.remove(constraint)
    item.parent = None
    item.matrix_parent_inverse.identity()
    item.rotation_mode = "XYZ"
    item.delta_location = (0.0, 0.0, 0.0)
    item.delta_rotation_euler = (0.0, 0.0, 0.0)
    item.delta_rotation_quaternion = (1.0, 0.0, 0.0, 0.0)
    item.delta_scale = (1.0, 1.0, 1.0)
    item.matrix_basis = Matrix.Identity(4)


def coordinates(mesh: bpy.types.Mesh) -> Floats:
    """The vertices of a mesh, an (n, 3) array in its own space."""
    flat = np.empty(len(mesh.vertices) * 3, dtype=np.float32)
    mesh.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3).astype(np.float64)


def bounds(placed: Iterable[tuple[bpy.types.Object, Floats]]) -> tuple[Floats, Floats]:
    """The lower and upper corner of all vertices of mesh objects under their 4x4 matrices.

    Shape keys count as they are set. Not finite where a vertex is not.
    """
    lower, upper = np.full(3, np.inf), np.full(3, -np.inf)
    shown: dict[bpy.types.ID, list[tuple[bpy.types.Object, Floats]]] = defaultdict(list)
    for item, matrix in placed:
        shown[mesh_of(item)].append((item, matrix))
    with np.errstate(invalid="ignore"):  # of infinite coordinates; whoever asks looks whether it is finite
        for same in shown.values():
            points = _shaped(same[0][0])
            matrices = np.array([matrix for _, matrix in same])
            ends = zip(points.min(axis=0), points.max(axis=0), strict=True)
            boxes = _reached(np.array(list(itertools.product(*ends))), matrices)
            low, high = boxes.min(axis=1), boxes.max(axis=1)
            exact = ((matrices[:, :3, :3] != 0).sum(axis=2) <= 1).all(axis=1)  # the axes stay along axes
            if exact.any():
                lower = np.minimum(lower, low[exact].min(axis=0))
                upper = np.maximum(upper, high[exact].max(axis=0))
            waiting = np.flatnonzero(~exact)
            while len(waiting):  # what has the corners of its box within what is known already cannot reach beyond it
                beyond = np.maximum(lower - low[waiting], high[waiting] - upper).max(axis=1)
                waiting = waiting[~(beyond <= 0)]
                if len(waiting):
                    reached = _reached(points, matrices[waiting[:1]])[0]
                    lower = np.minimum(lower, reached.min(axis=0))
                    upper = np.maximum(upper, reached.max(axis=0))
                    waiting = waiting[1:]
    return lower, upper


def _reached(points: Floats, matrices: Floats) -> Floats:
    """The points under each of the 4x4 matrices."""
    return points @ matrices[:, :3, :3].transpose(0, 2, 1) + matrices[:, None, :3, 3]


def _shaped(item: bpy.types.Object) -> Floats:
    """The vertices with relative shape keys mixed in; the plain vertices where there are none."""
    base = coordinates(mesh_of(item))
    keys = mesh_of(item).shape_keys
    if keys is None or not keys.use_relative:
        return base
    shaped = base.copy()
    for key in keys.key_blocks:
        if key.value and not key.mute and key != key.relative_key:
            shaped += key.value * (_key_points(key) - _key_points(key.relative_key))
    return shaped


def _key_points(key: bpy.types.ShapeKey) -> Floats:
    flat = np.empty(len(key.data) * 3, dtype=np.float32)
    key.data.foreach_get("co", flat)
    return flat.reshape(-1, 3).astype(np.float64)


def _growth(matrix: Matrix) -> float:
    return float(abs(matrix.to_3x3().determinant()) ** (1 / 3)) or 1.0


def _make_single_user(parts: list[Part], shown: Counter[Any]) -> None:
    """Data of their own for all that share it, so that each can be transformed its own way.

    `shown` counts: Blender's FBX importer (5.0) leaves a shared mesh with one user, however many objects show it.
    """
    for part in parts:
        data = part.item.data
        if data is not None and (shown[data] > 1 or data.users > 1):
            part.item.data = data.copy()


def _is_uniform(linear: Floats) -> bool:
    """Rotation times one scale: custom normals, stored relative to the surface, follow it by themselves."""
    gram = linear @ linear.T
    scale = np.trace(gram) / 3
    return bool(np.abs(gram - scale * np.eye(3)).max() <= _UNIFORM_TOLERANCE * scale)


def _transformed_normals(mesh: bpy.types.Mesh, linear: Floats) -> NDArray[np.float32] | None:
    """Custom normals under the inverse transpose; None where the matrix flattens the mesh."""
    if abs(np.linalg.det(linear)) <= 1e-12 * np.abs(linear).max() ** 3:
        return None
    flat = np.empty(len(mesh.loops) * 3, dtype=np.float32)
    mesh.corner_normals.foreach_get("vector", flat)
    normals = flat.reshape(-1, 3) @ np.linalg.inv(linear)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return np.ascontiguousarray(normals, dtype=np.float32)


def _carrier(mesh: bpy.types.Mesh) -> bpy.types.FloatVectorAttribute:
    """The attribute that takes a mesh's normals along while its corners change places; made when missing."""
    found = mesh.attributes.get(CARRIER) or mesh.attributes.new(CARRIER, "FLOAT_VECTOR", "CORNER")
    if not isinstance(found, bpy.types.FloatVectorAttribute):
        raise TypeError(f"the attribute {CARRIER} is taken")
    return found


def _weigh_to_bone(item: bpy.types.Object) -> None:
    """Replace being a bone's child by following that bone with all vertices, which survives unparenting."""
    group = item.vertex_groups.get(item.parent_bone) or item.vertex_groups.new(name=item.parent_bone)
    group.add(range(len(mesh_of(item).vertices)), 1.0, "REPLACE")
    modifier = item.modifiers.new("Armature", "ARMATURE")
    if isinstance(modifier, bpy.types.ArmatureModifier):
        modifier.object = item.parent
