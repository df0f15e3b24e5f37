"""The demo storm and the canary, served as a feed laid out like JMA's. Loopback only: never a source of real alerts."""
