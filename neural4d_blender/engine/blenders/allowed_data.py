"""What of a .blend a model needs: an allow list of datablocks, nodes, modifiers and constraints. Standard library only.

The preparer takes everything else away, and the host places nothing that has more. Blender 4.2 to 5.2; what a later
one adds is not on the list until someone has looked at it: it may read files.
"""

from __future__ import annotations

#: Kinds of datablocks, as bpy.data has them. Scenes, worlds, texts, sounds, films, caches, volumes, brushes are none.
MODEL_KINDS = frozenset({
    "armatures", "cameras", "collections", "curves", "fonts", "hair_curves", "images", "lattices", "lightprobes",
    "lights", "materials", "meshes", "metaballs", "node_groups", "objects", "pointclouds", "shape_keys", "textures",
})  # fmt: skip
#: Kinds of node trees.
MODEL_TREES = frozenset({"ShaderNodeTree", "GeometryNodeTree"})
#: None of them reads a file of its own, simulates, or keeps a cache.
MODEL_MODIFIERS = frozenset({
    "ARMATURE", "ARRAY", "BEVEL", "BOOLEAN", "BUILD", "CAST", "CORRECTIVE_SMOOTH", "CURVE", "DATA_TRANSFER", "DECIMATE",
    "DISPLACE", "EDGE_SPLIT", "HOOK", "LAPLACIANDEFORM", "LAPLACIANSMOOTH", "LATTICE", "MASK", "MESH_DEFORM", "MIRROR",
    "NODES", "NORMAL_EDIT", "REMESH", "SCREW", "SHRINKWRAP", "SIMPLE_DEFORM", "SKIN", "SMOOTH", "SOLIDIFY", "SUBSURF",
    "SURFACE_DEFORM", "TRIANGULATE", "UV_PROJECT", "UV_WARP", "VERTEX_WEIGHT_EDIT", "VERTEX_WEIGHT_MIX",
    "VERTEX_WEIGHT_PROXIMITY", "WARP", "WAVE", "WEIGHTED_NORMAL", "WELD", "WIREFRAME",
})  # fmt: skip
MODEL_CONSTRAINTS = frozenset({
    "ACTION", "ARMATURE", "CHILD_OF", "CLAMP_TO", "COPY_LOCATION", "COPY_ROTATION", "COPY_SCALE", "COPY_TRANSFORMS",
    "DAMPED_TRACK", "FLOOR", "FOLLOW_PATH", "IK", "LIMIT_DISTANCE", "LIMIT_LOCATION", "LIMIT_ROTATION", "LIMIT_SCALE",
    "LOCKED_TRACK", "MAINTAIN_VOLUME", "PIVOT", "SHRINKWRAP", "SPLINE_IK", "STRETCH_TO", "TRACK_TO", "TRANSFORM",
})  # fmt: skip
_SHADER = """
    AddShader AmbientOcclusion Attribute Bevel Blackbody BrightContrast BsdfAnisotropic BsdfDiffuse BsdfGlass
    BsdfHair BsdfHairPrincipled BsdfMetallic BsdfPrincipled BsdfRayPortal BsdfRefraction BsdfSheen BsdfToon
    BsdfTranslucent BsdfTransparent Bump CameraData Clamp CombineColor CombineHSV CombineRGB CombineXYZ
    Displacement EeveeSpecular Emission FloatCurve Fresnel Gamma Group HairInfo Holdout HueSaturation Invert
    LayerWeight LightFalloff LightPath MapRange Mapping Math Mix MixRGB MixShader NewGeometry Normal NormalMap
    ObjectInfo OutputAOV OutputLight OutputMaterial ParticleInfo PointInfo RGB RGBCurve RGBToBW RadialTiling Raycast
    SeparateColor SeparateHSV SeparateRGB SeparateXYZ ShaderToRGB Squeeze SubsurfaceScattering Tangent TexBrick
    TexChecker TexCoord TexEnvironment TexGabor TexGradient TexImage TexMagic TexNoise TexSky TexVoronoi TexWave
    TexWhiteNoise UVMap ValToRGB Value VectorCurve VectorDisplacement VectorMath VectorRotate VectorTransform
    VertexColor VolumeAbsorption VolumeCoefficients VolumeInfo VolumePrincipled VolumeScatter Wavelength
    Wireframe
"""
_FUNCTION = """
    AlignEulerToVector AlignRotationToVector AxesToRotation AxisAngleToRotation BitMath BooleanMath
    CombineColor CombineMatrix CombineTransform Compare EulerToRotation FindInString FloatToInt FormatString
    HashValue InputBool InputColor InputInt InputIntVector InputMenu InputRotation InputSpecialCharacters
    InputString InputVector IntegerMath InvertMatrix InvertRotation MatchString MatrixDeterminant MatrixMultiply
    MatrixSVD ProjectPoint QuaternionToRotation RandomValue ReplaceString ReverseString RotateEuler
    RotateRotation RotateVector RotationToAxisAngle RotationToEuler RotationToQuaternion SeparateColor
    SeparateMatrix SeparateTransform SetStringCase SliceString SplitString StringLength StringToValue
    TransformDirection TransformPoint TransposeMatrix TrimString ValueToString
"""
_GEOMETRY = """
    AccumulateField AttributeDomainSize AttributeStatistic Bake BlurAttribute BoneInfo BoundBox CameraInfo
    CaptureAttribute ClosureInput ClosureOutput ClosureToList ClusterByConnected ClusterByDistance
    CollectionChildren CollectionInfo CombineBundle ConvexHull CornersOfEdge CornersOfFace CornersOfVertex
    CubeGridTopology CurveArc CurveEndpointSelection CurveHandleTypeSelection CurveLength CurveOfPoint
    CurvePrimitiveBezierSegment CurvePrimitiveCircle CurvePrimitiveLine CurvePrimitiveQuadrilateral
    CurveQuadraticBezier CurveSetHandles CurveSpiral CurveSplineType CurveStar CurveToMesh CurveToPoints
    CurvesToGreasePencil DeformCurvesOnSurface DeleteGeometry DistributePointsInGrid DistributePointsInVolume
    DistributePointsOnFaces DualMesh DuplicateElements EdgePathsToCurves EdgePathsToSelection EdgesOfCorner
    EdgesOfVertex EdgesToFaceGroups EvaluateClosure ExtrudeMesh FaceOfCorner FieldAtIndex FieldAverage
    FieldMinAndMax FieldOnDomain FieldToGrid FieldToList FieldVariance FillCurve FilletCurve FilterList
    FlipFaces ForeachGeometryElementInput ForeachGeometryElementOutput GeometryToInstance GetAttributeNames
    GetGeometryBundle GetGeometryComponent GetNamedGrid GreasePencilToCurves GridAdvect GridClip GridCurl
    GridDilateAndErode GridDivergence GridGradient GridInfo GridLaplacian GridMean GridMedian GridPrune
    GridToMesh GridToPoints GridVoxelize Group ImageInfo ImageTexture IndexOfNearest IndexSwitch
    InputActiveCamera InputCollection InputCurveHandlePositions InputCurveTilt InputEdgeSmooth InputFont InputID
    InputImage InputIndex InputInstanceBounds InputInstanceReference InputInstanceRotation InputInstanceScale
    InputMaterial InputMaterialIndex InputMeshEdgeAngle InputMeshEdgeNeighbors InputMeshEdgeVertices
    InputMeshFaceArea InputMeshFaceIsPlanar InputMeshFaceNeighbors InputMeshIsland InputMeshVertexNeighbors
    InputNamedAttribute InputNamedLayerSelection InputNormal InputObject InputPosition InputRadius
    InputSceneTime InputShadeSmooth InputShortestEdgePaths InputSplineCyclic InputSplineResolution InputTangent
    InputVoxelIndex InstanceOnPoints InstanceTransform InstancesToPoints InterpolateCurves IsViewport
    JoinGeometry List ListGetItem ListLength MaterialSelection MenuSwitch MergeByDistance MergeLayers
    MergePoints MeshBevel MeshBoolean MeshCircle MeshCone MeshCube MeshCylinder MeshFaceSetBoundaries MeshGrid
    MeshIcoSphere MeshLine MeshToCurve MeshToDensityGrid MeshToPoints MeshToSDFGrid MeshToVolume MeshUVSphere
    ObjectInfo OffsetCornerInFace OffsetPointInCurve Points PointsOfCurve PointsToCurves PointsToSDFGrid
    PointsToVertices PointsToVolume Proximity Raycast RealizeInstances RemoveAttribute RenameAttribute
    RepeatInput RepeatOutput ReplaceMaterial ResampleCurve ReverseCurve RotateInstances SDFGridBoolean
    SDFGridFillet SDFGridLaplacian SDFGridMean SDFGridMeanCurvature SDFGridMedian SDFGridOffset SampleCurve
    SampleGrid SampleGridIndex SampleIndex SampleNearest SampleNearestSurface SampleUVSurface ScaleElements
    ScaleInstances SelfObject SeparateBundle SeparateComponents SeparateGeometry SetCurveHandlePositions
    SetCurveNormal SetCurveRadius SetCurveTilt SetGeometryBundle SetGeometryName SetGreasePencilColor
    SetGreasePencilDepth SetGreasePencilSoftness SetGridBackground SetGridTransform SetID SetInstanceTransform
    SetMaterial SetMaterialIndex SetMeshNormal SetNURBSOrder SetNURBSWeight SetPointRadius SetPosition
    SetShadeSmooth SetSplineCyclic SetSplineResolution SimulationInput SimulationOutput SortElements SortList
    SplineLength SplineParameter SplitEdges SplitToInstances StoreNamedAttribute StoreNamedGrid StringJoin
    StringToCurves SubdivideCurve SubdivideMesh SubdivisionSurface Switch TagFilter TransferAttributes Transform
    TranslateInstances Triangulate TrimCurve UVPackIslands UVTangent UVUnwrap VertexOfCorner VolumeCube
    VolumeToMesh Warning XPBDSolver
"""
_BOTH = """
    ClosureInput ClosureOutput CombineBundle EnableOutput EvaluateClosure Frame GetBundleItem
    GetNestedBundlePaths Group GroupInput GroupOutput ImplicitConversion JoinBundle Reroute SeparateBundle
    StoreBundleItem
"""

#: By bl_idname. What a Blender does not know, or an add-on made, has another one.
MODEL_NODES = frozenset(
    f"{beginning}Node{name}"
    for beginning, names in (("Shader", _SHADER), ("Function", _FUNCTION), ("Geometry", _GEOMETRY), ("", _BOTH))
    for name in names.split()
)
