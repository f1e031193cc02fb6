"""Measurements that compare two things in one run; absolute times depend on the machine, ratios much less."""
