"""A person's consent: which calls need it, the question, and that its answer counts for nothing else."""
