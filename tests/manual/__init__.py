"""What the manual shows, made from the program itself; and the tests that it still does."""
