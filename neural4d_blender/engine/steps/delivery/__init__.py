"""From a finished model to its files: conversions, downloads and what the user keeps of them; steps like the others."""
