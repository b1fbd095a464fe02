"""What lies here runs inside the cluster: each file alone, in a plain Python image, with the standard library only."""
