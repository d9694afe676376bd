"""The computer that the engine runs on: threads one after the other, clock, disk, pipes, network, programs."""
