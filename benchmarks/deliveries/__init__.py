"""Webhooks as Drift sends them, to replicas of which some are killed: what is lost, and what comes double."""
