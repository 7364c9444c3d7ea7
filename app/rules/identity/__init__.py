"""Who people are to the service and what they may do; one module per rule."""
