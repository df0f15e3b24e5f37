"""Telegrams that were wounded on purpose: `make fuzz`."""
