"""Requests and answers of what all domains share, by noun."""
