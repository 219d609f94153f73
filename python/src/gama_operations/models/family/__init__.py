"""Models of transformers beside wav2vec2 and GAMA, a file each; `catalogue` says which."""
