"""A virtual router as a declaration, converged part by part."""
