"""What an agent can ask for: each tool is a method with types, of which the protocol's schemas are made."""
