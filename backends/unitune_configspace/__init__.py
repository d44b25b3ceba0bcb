"""The reader of ConfigSpace spaces."""
