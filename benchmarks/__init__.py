"""What Coslide does per CPU second, beside the usual ways, in the same run. Each prints JSON as its last line."""
