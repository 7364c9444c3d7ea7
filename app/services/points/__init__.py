"""Use cases of 文明积分."""
