"""An hour of mixed work on one service, with kills, a full disk, a backup and a restore."""
