"""Whether a deployed platform answers: what is asked of it, where the platform says it is, and who asks."""

CHECKS = "checks.json"
"""The file, among what is handed over, with what `floe-infra check` asks."""
