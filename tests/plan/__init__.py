"""Plans of a market: the model, what it starts from, the replay, the page, and the targets."""
