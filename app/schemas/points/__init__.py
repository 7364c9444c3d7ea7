"""Requests and answers of 文明积分."""
