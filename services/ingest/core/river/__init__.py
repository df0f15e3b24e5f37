"""River sources, one file each: a document as its source serves it → the readings in it. No network, no clock."""
