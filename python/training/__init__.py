"""Renders the training sounds and trains the shipped models; run its modules from the folder `python/`."""
