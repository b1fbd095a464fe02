"""The command `floe-infra`, one file for each of its commands."""
