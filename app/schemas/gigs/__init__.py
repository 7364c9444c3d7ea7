"""Requests and answers of 零工配产."""
