"""菜单式培训: use cases."""
