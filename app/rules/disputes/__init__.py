"""“1+N+X” mediation: states, rights, clocks, panel, agreements. Pure."""
