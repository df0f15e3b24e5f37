"""The feed server's HTTP side."""
