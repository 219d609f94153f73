"""Models that the repository does not ship: fetched from the Hugging Face hub, or added from a folder."""
