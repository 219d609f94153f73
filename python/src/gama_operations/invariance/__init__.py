"""What moves a model's embedding, and what does not."""
