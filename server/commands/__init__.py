"""What `challng-server` does, one module for each group of commands. No rule of the domain here."""
