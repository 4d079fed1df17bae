"""How fast lifesim is, beside what its users would otherwise have reached for."""
