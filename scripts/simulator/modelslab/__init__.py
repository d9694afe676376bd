"""ModelsLab: orders by either of its two APIs."""
