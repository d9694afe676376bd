"""GoNeural: tasks, and the account of today."""
