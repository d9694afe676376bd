"""What a game wants beside the model: levels of detail and collision shapes. They hang below the root, marked, in the
same .blend; they have no part in the model's size, and it stays what it is."""
