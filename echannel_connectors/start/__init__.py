"""`echannel start`: the assistant on a local page, for a company without a terminal."""
