"""What every service of the stand-in has in common on the wire: ports, log, faults, limits, files."""
