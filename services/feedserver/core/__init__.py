"""What the feed server says, as pure values: telegrams, feeds, answers. Time and ids come in as arguments."""
