"""Models behind one surface (`surface.py`), loaded by name or folder (`registry.py`)."""
