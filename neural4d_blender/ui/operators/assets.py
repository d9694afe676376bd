"""Operators that make the selected model an asset: of the open file, or in a library that every file sees."""

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, StringProperty

from ...api import generate
from ...engine.protocol import Neural4DError
from ...scene import assets, timer_and_file_handlers, user_settings
from ...scene.placing import placement, provenance
from ...scene.session import session
from ...scene.shared_engine import bridge
from ..drawing.languages import tr
from .jobs.placed_models import ModelOperator, selected_root

if TYPE_CHECKING:
    from ...client.jobs.replies import Answer
    from ...engine.protocol import AssetTexts


class _Asset(ModelOperator):
    """The settings of an asset, in a dialog."""

    catalog: StringProperty(
        name="Catalog", description="Path of the catalog: Props/Birds", default=user_settings.LIBRARY
    )
    title: StringProperty(name="Name", description="Name of the asset", options={"SKIP_SAVE"})
    description: StringProperty(name="Description", description="A few words on it", options={"SKIP_SAVE"})
    author: StringProperty(name="Author", description="Who made it", options={"SKIP_SAVE"})
    tags: StringProperty(name="Tags", description="Words to find it by, between commas", options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Ask for them, with something sensible in them."""
        root = selected_root(context)
        if root is None:
            return {"CANCELLED"}
        given = assets.defaults(root)
        self.title, self.description, self.author = given["name"], given["description"], given["author"]
        self.tags = ", ".join(given["tags"])
        return context.window_manager.invoke_props_dialog(self, width=400, title=self.bl_label, confirm_text=tr("Save"))

    def draw(self, _context: bpy.types.Context) -> None:
        """One below the other."""
        self.layout.use_property_split = True
        for name in ("title", "catalog", "description", "author", "tags"):
            self.layout.prop(self, name)

    def texts(self) -> "AssetTexts":
        """What was entered, but for the catalog."""
        tags = [tag.strip() for tag in self.tags.split(",") if tag.strip()]
        return {"name": self.title, "description": self.description, "author": self.author, "tags": tags}


class NEURAL4D_OT_mark_asset(_Asset, bpy.types.Operator):
    """Make this model an asset of the open file, as it stands here"""

    bl_idname = "neural4d.mark_asset"
    bl_label = "Mark as Asset"

    def act(self, _context: bpy.types.Context, root: bpy.types.Object) -> None:
        """As one undo step."""
        said = provenance.read(root)
        job = bridge.jobs.get(said.job)
        picture = next((v.preview for v in (job.variants if job else ()) if v.index == said.variant), "")
        with placement.undo_step(f"Mark {root.name} as Asset"[:60]):
            assets.mark(root, picture=picture, catalog=self.catalog, **self.texts())
        assets.refresh()


class NEURAL4D_OT_save_asset(_Asset, bpy.types.Operator):
    """Put this model, as it was made, into the asset library, so that it can be dragged into any file"""

    bl_idname = "neural4d.save_asset"
    bl_label = "Save to Library"

    show: BoolProperty(
        name="Show in Asset Browser",
        description="Add the library's folder to Preferences > File Paths > Asset Libraries",
        default=True,
    )

    def draw(self, context: bpy.types.Context) -> None:
        """And whether the Asset Browser is to know the library, as long as it does not."""
        super().draw(context)
        folder = user_settings.library_dir()
        if not assets.is_registered(folder):
            self.layout.prop(self, "show")
        self.layout.label(text=tr("Goes to {folder}").format(folder=folder), icon="FILE_FOLDER")

    def act(self, _context: bpy.types.Context, root: bpy.types.Object) -> None:
        """Have a background Blender write it."""
        said = provenance.read(root)
        if said.job not in bridge.jobs:
            raise Neural4DError("The job of this model is not listed.", "Press Find Its Job, or Mark as Asset instead.")
        which = (said.job, said.variant or 0)
        asked_to_show = self.show

        def take(answer: "Answer") -> None:
            if answer.error:
                session.asked.library[which] = answer.error
            else:
                session.asked.library[which] = ("In the library", "CHECKMARK")
                if asked_to_show:
                    assets.register_library(user_settings.library_dir())
                assets.refresh()
            timer_and_file_handlers.redraw()

        job = generate.Job(said.job)
        job.start_save_asset("", said.variant, take, catalog=self.catalog, **self.texts())
        session.asked.library[which] = ("Saving to the library ...", "TIME")


class NEURAL4D_OT_add_library(bpy.types.Operator):
    """Have the Asset Browser show the library, by adding its folder to Preferences > File Paths > Asset Libraries"""

    bl_idname = "neural4d.add_library"
    bl_label = "Show in Asset Browser"
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[Any]:
        """Add it."""
        generate.add_library()
        return {"FINISHED"}


CLASSES = (NEURAL4D_OT_mark_asset, NEURAL4D_OT_save_asset, NEURAL4D_OT_add_library)
