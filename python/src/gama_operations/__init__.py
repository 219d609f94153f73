"""The process that holds the models: decode, frontend, model, statistics, behind one line protocol."""
