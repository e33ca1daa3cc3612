"""Jobs of this server that are more, or other, than one call to Drift. One module per job, named after its tool."""
