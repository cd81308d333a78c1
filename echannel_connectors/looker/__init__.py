"""Reports as data: a template, its contract with the mart, and what is made of it (the local preview first)."""
