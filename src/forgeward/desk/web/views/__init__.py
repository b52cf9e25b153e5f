"""The pages. Each view reads through ``desk.readers``, writes through ``desk.actions``, and decides nothing."""
