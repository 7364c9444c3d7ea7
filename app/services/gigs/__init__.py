"""Use cases of 零工配产."""
