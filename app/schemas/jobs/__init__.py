"""Requests and answers of 宝盖职聘."""
