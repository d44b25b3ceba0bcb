"""Ready-made reports for training loops of other libraries; each module needs its own library."""
