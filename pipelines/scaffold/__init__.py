"""`impact new-measure`: a source YAML and a staging model from a sample file and a few answers."""
