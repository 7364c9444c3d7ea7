"""Requests and answers of the organisation, by noun."""
