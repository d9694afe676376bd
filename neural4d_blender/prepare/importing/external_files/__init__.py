"""Files that a model names: which they are, found by name in the download, and never opened outside of it."""
