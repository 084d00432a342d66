"""An attack, virtual adversarial training and a measure of embeddings, by somebody else."""
