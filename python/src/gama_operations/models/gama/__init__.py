"""GAMA: an audio encoder, a Q-Former and a multi-layer aggregator in front of a causal language model.

Ghosh et al., "GAMA: A Large Audio-Language Model with Advanced Audio Understanding and Complex
Reasoning Abilities" (EMNLP 2024), written from the facts of the paper and of the released checkpoints.
Importing this package imports no torch; its modules do.
"""
