"""Secrets that people keep as encrypted files beside the configuration, and an operator decrypts in the cluster."""
