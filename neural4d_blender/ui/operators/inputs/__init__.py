"""What a model is made of: prompts, styles and presets, references, pictures that are dropped."""
