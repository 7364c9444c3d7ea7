"""“1+N+X” mediation."""
