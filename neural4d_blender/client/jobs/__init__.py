"""Jobs as the engine told of them: read once into typed records, and what follows from those."""
