"""What the jobs over many records share: files, rows, counted calls, and a journal to go on from after a kill."""
