"""Runs notebooks headless, in parallel where memory allows, and compares outputs with the stored ones."""
