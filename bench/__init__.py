"""Measurements, with the peers that are installed; none of this ships."""
