"""What a server does about events by itself, as the operator wrote it down: rules, who keeps them, and their ledger."""
