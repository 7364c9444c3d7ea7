"""Forms and answers of “1+N+X” mediation."""
