"""Many lives on all processors, what is planted in the engine for them to find, and how one life is told and cut."""
