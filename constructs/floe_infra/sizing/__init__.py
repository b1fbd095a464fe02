"""Tiers and the arithmetic of memory."""
