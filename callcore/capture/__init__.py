"""Sound from and to the devices of this machine."""
