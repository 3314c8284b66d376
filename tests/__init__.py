"""Tests, laid out like the packages they test; `servers/` starts real servers, `factories` makes rows."""
