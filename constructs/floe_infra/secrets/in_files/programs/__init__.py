"""Programs that pods run."""
