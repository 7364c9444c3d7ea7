"""Requests and answers of identity, by noun."""
