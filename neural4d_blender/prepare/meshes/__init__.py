"""From whatever was imported to the model alone, in real size: evaluated, reshaped, transforms applied."""
