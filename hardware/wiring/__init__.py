"""How the three builds are wired: settings for the firmware, and pictures drawn from them."""
