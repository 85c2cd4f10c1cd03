"""Tests of drivers/: the real libraries over simulated pins and a simulated bus."""
