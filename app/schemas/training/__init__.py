"""菜单式培训: requests and answers."""
