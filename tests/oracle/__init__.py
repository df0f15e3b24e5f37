"""Matching and decisions against brute force: the same bulletins and devices, told twice by two programs.

`brute` is the oracle: plain sets over places, one number a device and a hazard for what it was told, no bitmaps, and
nothing of the dispatcher in it. `system` is the dispatcher's core in sixteen shards. `play` makes the storm of chance,
gives it to both and compares what each device is told, bulletin by bulletin.

    python -m tests.oracle                        1,000 bulletins over 50,000 devices (ten minutes)
    python -m tests.oracle BULLETINS DEVICES SEED
"""
