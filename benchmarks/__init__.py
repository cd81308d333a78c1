"""What this library claims about speed and memory, measured beside its peers; nothing here is imported by it."""
