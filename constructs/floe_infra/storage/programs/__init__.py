"""Programs that run inside the cluster: a Job mounts their text from a ConfigMap."""
