"""Operating permits: the legal entity behind every licence, sole or corporate [R34, R37 to R39, D2, D4]."""
