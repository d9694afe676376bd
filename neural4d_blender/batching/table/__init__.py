"""A table as a batch is given it: read, its columns made arguments, its rows told apart."""
