"""Files in git become a checked, reasoned dataset."""
