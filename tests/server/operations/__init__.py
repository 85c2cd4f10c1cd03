"""Operating the verifier: backups, upgrades, looking after it, and what it must withstand."""
