"""Neural4D in two generations, to the letter of its documents."""
